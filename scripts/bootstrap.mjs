// Makes a fresh checkout ready and then runs a command in it. Plain JavaScript without dependencies, because the
// machine's own Node (20 or newer) runs it before anything is installed.
import { delimiter, join } from 'node:path';
import { buildConsolePage, consolePageIsCurrent } from './bootstrap/console-page.mjs';
import { EXIT, Fault } from './bootstrap/fault.mjs';
import { withLock } from './bootstrap/lock.mjs';
import { checkNode, checkRoomToInstall } from './bootstrap/machine.mjs';
import { checkNodeOfProject, installNodePackages, nodePackagesAreCurrent } from './bootstrap/node-packages.mjs';
import { BIN, ROOT, VENV, WORK } from './bootstrap/paths.mjs';
import { checkPorts } from './bootstrap/ports.mjs';
import { exitCodeOf, forwardSignals, interruption, machinePath, runForeground } from './bootstrap/processes.mjs';
import { step } from './bootstrap/progress.mjs';
import { checkOpenMp, findPython, installPython, pythonIsCurrent } from './bootstrap/python-environment.mjs';

const HELP = `usage: node scripts/bootstrap.mjs [--only node|python] [--ports] [-- command arguments ...]

Installs the Node packages (npm ci) when package-lock.json changed, makes the Python environment (.venv) when
python/requirements.lock changed, builds the console's page when its sources changed, and then runs the command with
both first in its PATH. Where nothing changed it needs no network. Safe to interrupt, to repeat, and to start twice at once.

  --only node|python   set up that part only
  --ports              refuse to go on when a port of the platform is in use
  --help               this text

exit codes: the command's own, or 0;
  ${EXIT.usage}   wrong arguments
  ${EXIT.machine}  the machine lacks something: Node, Python, libgomp, disk, rights, platform
  ${EXIT.portInUse}  a port is in use
  ${EXIT.nodePackages}  the Node packages could not be installed
  ${EXIT.pythonPackages}  the Python packages could not be installed
  ${EXIT.console}  the console's page could not be built
  127 the command could not be started; 128 + n: ended by signal n
`;

/** @param {readonly string[]} args */
function parseArguments(args) {
  const split = args.indexOf('--');
  const own = split === -1 ? args : args.slice(0, split);
  const options = { only: '', ports: false, help: false, command: split === -1 ? [] : args.slice(split + 1) };
  const rest = [...own];
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    if (name === '--help') options.help = true;
    else if (name === '--ports') options.ports = true;
    else if (name === '--only') options.only = rest.shift() ?? '';
    else throw new Fault(EXIT.usage, `unknown argument ${name}`, 'see node scripts/bootstrap.mjs --help');
    if (name === '--only' && options.only !== 'node' && options.only !== 'python') {
      throw new Fault(EXIT.usage, '--only takes node or python', 'see node scripts/bootstrap.mjs --help');
    }
  }
  return options;
}

/** @param {string} only */
async function setUp(only) {
  const wantsNode = only !== 'python';
  const wantsPython = only !== 'node';
  const isReady = () => (!wantsNode || nodePackagesAreCurrent()) && (!wantsPython || pythonIsCurrent());
  if (!isReady()) {
    checkRoomToInstall();
    const python = wantsPython ? usablePython() : undefined;
    await withLock(join(WORK, 'lock'), async () => {
      if (wantsNode && !nodePackagesAreCurrent()) {
        await step('installing the Node packages (npm ci, some minutes)', installNodePackages);
      }
      if (python !== undefined && !pythonIsCurrent()) {
        await step(`making the Python ${python.version} environment (.venv)`, () => installPython(python));
      }
    });
  }
  if (!wantsNode) return;
  checkNodeOfProject();
  await makeConsolePage();
}

async function makeConsolePage() {
  if (consolePageIsCurrent()) return;
  await withLock(join(WORK, 'lock'), async () => {
    if (!consolePageIsCurrent()) await step("building the console's page", buildConsolePage);
  });
}

/** Asked before the long installation of the Node packages, so that a missing Python is known at once. */
function usablePython() {
  const python = findPython();
  checkOpenMp(python.tool);
  return python;
}

function commandEnvironment() {
  const path = [BIN, join(VENV, 'bin'), machinePath()].join(delimiter);
  return { ...process.env, PATH: path, VIRTUAL_ENV: VENV };
}

/** @param {readonly string[]} args @returns {Promise<number>} the exit code */
async function main(args) {
  const options = parseArguments(args);
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  checkNode();
  if (options.ports) await checkPorts(options.command);
  await setUp(options.only);
  if (options.command.length === 0) return 0;
  return runForeground(options.command, { cwd: ROOT, env: commandEnvironment() });
}

forwardSignals();
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Fault)) throw error;
  const signal = interruption();
  // A tool that was ended by a signal failed only because of it.
  if (signal !== undefined) process.stderr.write(`interrupted by ${signal}: run it again to go on\n`);
  else process.stderr.write(`\nset-up failed: ${error.message}\n  what to do: ${error.remedy}\n`);
  process.exitCode = signal === undefined ? error.exitCode : exitCodeOf(null, signal);
}
