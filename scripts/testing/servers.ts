// The servers of a test run. They start with the first test that asks for them; here they are only made ready to be had.
import { prepareServer } from '@roofshot/testing/start-server';
import { NotToBeHad, SERVER_NAMES } from '@roofshot/testing/server-kind';

const SOON_MS = 2_000;

/** Fetches what the servers need, the first time. @returns for each that cannot be had why, and what to do about it */
export async function prepareServers(): Promise<string[]> {
  const refusals: string[] = [];
  for (const name of SERVER_NAMES) {
    const note = setTimeout(() => console.log(`Fetching ${name} for the tests: once, a minute or so`), SOON_MS);
    try {
      await prepareServer(name);
    } catch (error) {
      if (!(error instanceof NotToBeHad)) throw error;
      refusals.push(error.message);
    } finally {
      clearTimeout(note);
    }
  }
  return refusals;
}
