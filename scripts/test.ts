// `npm test`: every check and every test, or a selection; the last line is "N passed, N failed".
import { NotToBeHad } from '@roofshot/testing/server-kind';
import { endUnusedServers } from '@roofshot/testing/shared-servers';
import { haveEngine } from '../deploy/test/engine.ts';
import { haveChromium } from './testing/chromium.ts';
import { HELP, parseWanted, WrongArguments, type Selection, type Wanted } from './testing/arguments.ts';
import { runEverything } from './testing/everything.ts';
import { EMBEDDED, KINDS } from './testing/kinds.ts';
import { runSelection } from './testing/selection.ts';
import { prepareServers } from './testing/servers.ts';
import type { Tally } from './testing/tally.ts';

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

/** The tests of images and compose.yaml find an engine where the docker command looks; without one they tell the reason and do not run. */
async function withEngine(work: (env: NodeJS.ProcessEnv) => Promise<Tally>): Promise<Tally> {
  const engine = await haveEngine().catch((error: unknown) => {
    if (error instanceof NotToBeHad) return error;
    throw error;
  });
  if (engine instanceof NotToBeHad) {
    console.log(`Images cannot be built and started here: ${engine.message}. To have it, ${engine.remedy}.`);
    console.log('What needs no engine is checked: that compose.yaml, the Dockerfile and .env.example say what the services say.');
    return work({ ENGINE_MISSING: engine.message });
  }
  try {
    return await work(engine.env);
  } finally {
    await engine.close();
  }
}

async function run({ selection, embedded }: Wanted): Promise<Tally> {
  const kinds = selection?.kinds ?? (embedded ? EMBEDDED : KINDS);
  const refusals = kinds.includes('server') ? await prepareServers() : [];
  if (refusals.length > 0) {
    console.error(refusals.join('\n'));
    return { passed: 0, failed: refusals.length, skipped: [] };
  }
  const env = { ...process.env, ...(embedded ? { TEST_EMBEDDED: '1' } : {}) };
  const whole = needsBrowser(selection) ? withChromium(env) : env;
  try {
    if (selection === undefined) return await runEverything(whole);
    if (!selection.kinds.includes('deploy')) return await runSelection(selection, whole);
    return await withEngine((engine) => runSelection(selection, { ...whole, ...engine }));
  } finally {
    await endUnusedServers();
  }
}

function report({ passed, failed, skipped }: Tally): number {
  if (skipped.length > 0) console.log(`\nnot run, because their code says so (${skipped.length}):\n  ${skipped.join('\n  ')}`);
  if (passed + failed === 0) console.log('\nNo test ran.');
  console.log(`\n${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

async function main(args: readonly string[]): Promise<number> {
  const wanted = parseWanted(args);
  if (wanted !== 'help') return report(await run(wanted));
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
