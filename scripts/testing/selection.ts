import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { WrongArguments, type Selection } from './arguments.ts';
import { jestFilter } from './kinds.ts';
import { readTally } from './results.ts';
import { ROOT, resultFile, runJest } from './run-jest.ts';
import { atLeastOneFailure, tallyJest, type Tally } from './tally.ts';

const ALL_FOLDERS = ['contracts', 'libs', 'services', 'scripts', 'examples', 'observability', 'deploy'];

/** The chosen tests in one run of jest. @throws WrongArguments when a chosen package does not exist */
export async function runSelection(selection: Selection, env: NodeJS.ProcessEnv): Promise<Tally> {
  const missing = selection.packages.find((folder) => !existsSync(join(ROOT, folder)));
  if (missing !== undefined) throw new WrongArguments(`--package ${missing}: there is no such folder; name one such as libs/storage`);
  const folders = selection.packages.length > 0 ? selection.packages : ALL_FOLDERS;
  const name = selection.name === undefined ? [] : ['--testNamePattern', selection.name];
  const results = resultFile('selection');
  const code = await runJest(['--maxWorkers=2', ...name, ...jestFilter(selection.kinds)], { folders, results, env });
  const found = readTally(results, tallyJest);
  // Jest counts the tests that a name leaves out as skipped.
  const tally = selection.name === undefined ? found : { ...found, skipped: [] };
  return code === 0 ? tally : atLeastOneFailure(tally);
}
