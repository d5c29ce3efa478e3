import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../message-of.ts';
import type { ServerKind } from './server-kind.ts';

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 500;

/** What is started. */
export interface Starting {
  kind: Pick<ServerKind, 'title' | 'patienceMs' | 'prove'>;
  url: string;
  /** Resolves when it ends, with the words for how. */
  ended: Promise<string>;
  /** The end of its log, for the error. */
  tail: () => Promise<string>;
}

/** Uses the server again and again until it works. @throws when it ends before, or when it has had its time, with the end of its log */
export async function untilReady({ kind, url, ended, tail }: Starting): Promise<void> {
  const { title, patienceMs, prove } = kind;
  const end = Date.now() + patienceMs;
  const gone = ended.then((how): never => {
    throw new EndedEarly(`${title} ended with ${how} before it was ready.`);
  });
  gone.catch(() => undefined); // it may also end when nobody waits any more
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      return await Promise.race([gone, prove(url)]);
    } catch (error) {
      if (error instanceof EndedEarly) throw new Error(`${error.message} ${await tail()}`, { cause: error });
      const waited = `${title} was not ready after ${patienceMs / 1000} s; the last try to use it: ${messageOf(error)}.`;
      if (Date.now() > end) throw new Error(`${waited} ${await tail()}`, { cause: error });
    }
    await delay(pause);
  }
}

class EndedEarly extends Error {}
