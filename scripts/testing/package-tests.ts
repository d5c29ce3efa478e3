// All tests of one package: what the `test` target of every package runs. Usage: package-tests.ts FOLDER PROJECT
import { EMBEDDED, jestFilter, KINDS } from './kinds.ts';
import { resultFile, runJest } from './run-jest.ts';

/** The root's own tests; every other folder is a package with a target of its own. */
const ROOT_FOLDERS = ['scripts', 'examples', 'observability', 'deploy'];

const [folder, project] = process.argv.slice(2);
if (folder === undefined || project === undefined) throw new Error('usage: package-tests.ts FOLDER PROJECT');
const filter = jestFilter(process.env['TEST_EMBEDDED'] ? EMBEDDED : KINDS);
const folders = folder === '.' ? ROOT_FOLDERS : [folder];
process.exitCode = await runJest(['--runInBand', ...filter], { folders, results: resultFile(project) });
