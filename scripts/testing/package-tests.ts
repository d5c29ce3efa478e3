// All tests of one package: what the `test` target of every package runs. Usage: package-tests.ts FOLDER PROJECT [WORKERS]
import { EMBEDDED, jestFilter, KINDS } from './kinds.ts';
import { resultFile, runJest } from './run-jest.ts';

/** The root's own tests; every other folder is a package with a target of its own. */
const ROOT_FOLDERS = ['scripts', 'examples', 'observability', 'deploy'];

/** Packages run two at a time, so one alone takes a core; the last one, when the others are done, may have both. */
const [folder, project, workers = '1'] = process.argv.slice(2);
if (folder === undefined || project === undefined) throw new Error('usage: package-tests.ts FOLDER PROJECT [WORKERS]');
const filter = jestFilter(process.env['TEST_EMBEDDED'] ? EMBEDDED : KINDS);
const folders = folder === '.' ? ROOT_FOLDERS : [folder];
process.exitCode = await runJest([workers === '1' ? '--runInBand' : `--maxWorkers=${workers}`, ...filter], {
  folders,
  results: resultFile(project),
});
