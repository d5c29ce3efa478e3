// `npm test`: every check and every test, or a selection; the last line is "N passed, N failed".
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTestPostgres } from '@roofshot/testing/postgres';
import { haveChromium } from './testing/chromium.ts';
import { HELP, parseSelection, WrongArguments, type Selection } from './testing/arguments.ts';
import { runEverything } from './testing/everything.ts';
import { KINDS, needServers } from './testing/kinds.ts';
import { runSelection } from './testing/selection.ts';
import type { Tally } from './testing/tally.ts';

/** One PostgreSQL for all test processes of the run: each test file takes a database of its own on it. */
async function withPostgres<T>(work: (env: NodeJS.ProcessEnv) => Promise<T>): Promise<T> {
  if (process.env['TEST_SQL_URL'] !== undefined) return work(process.env);
  const folder = mkdtempSync(join(tmpdir(), 'roofshot-test-'));
  const server = await startTestPostgres(folder);
  try {
    return await work({ ...process.env, TEST_SQL_URL: server.url });
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The browser tests find their browser in CHROMIUM_PATH; without one they tell the reason and do not run. */
function withChromium(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const chromium = haveChromium(env);
  if ('path' in chromium) return { ...env, CHROMIUM_PATH: chromium.path };
  console.log(`The browser tests cannot run: ${chromium.reason}.`);
  return { ...env, CHROMIUM_MISSING: chromium.reason };
}

/** True when the tests of the console may be among the chosen ones. */
function needsBrowser(selection: Selection | undefined): boolean {
  const { packages = [], kinds = KINDS } = selection ?? {};
  return kinds.includes('component') && (packages.length === 0 || packages.some((folder) => folder.includes('console')));
}

async function run(selection: Selection | undefined): Promise<Tally> {
  const work = (env: NodeJS.ProcessEnv) => (selection === undefined ? runEverything(env) : runSelection(selection, env));
  if (!needServers(selection?.kinds ?? KINDS)) return work(process.env);
  return withPostgres((env) => work(needsBrowser(selection) ? withChromium(env) : env));
}

function report({ passed, failed, skipped }: Tally): number {
  if (skipped.length > 0) console.log(`\nnot run, because their code says so (${skipped.length}):\n  ${skipped.join('\n  ')}`);
  if (passed + failed === 0) console.log('\nNo test ran.');
  console.log(`\n${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

async function main(args: readonly string[]): Promise<number> {
  const selection = parseSelection(args);
  if (selection !== 'help') return report(await run(selection));
  process.stdout.write(HELP);
  return 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof WrongArguments) {
    console.error(`${error.message}\n\n${HELP}`);
    process.exitCode = 2;
  } else {
    console.error(error);
    console.log('\n0 passed, 1 failed');
    process.exitCode = 1;
  }
}
