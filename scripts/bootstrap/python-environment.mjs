import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT, Fault } from './fault.mjs';
import { explainFailure } from './explain-failure.mjs';
import { ROOT, VENV, WORK } from './paths.mjs';
import { capture, runLogged } from './processes.mjs';

/** The versions that the lock has binaries for; the last is newer than what the project is tested on. */
const MINORS = [13, 12, 11, 10, 14];
const LOCK = join(ROOT, 'python', 'requirements.lock');
/** Makes `python -m roofshot_trainer` run the sources of this checkout. */
const TRAINER = '../../../../services/training/trainer/src';
const STAMP = join(VENV, 'roofshot.json');
const PYTHON = join(VENV, 'bin', 'python');
const VERSION = ['-I', '-S', '-c', 'import sys; print("%d.%d" % sys.version_info[:2])'];
/** Isolated, so that the caller's PYTHONPATH and PYTHONHOME do not leak in. */
const PROBE = ['-I', '-c', 'import venv, ensurepip, ssl'];
const LIBGOMP = ['-I', '-c', 'import ctypes; ctypes.CDLL("libgomp.so.1")'];

/** True when .venv was made for this lock and its Python still is what it was; asks neither pip nor the network. */
export function pythonIsCurrent() {
  return existsSync(STAMP) && readFileSync(STAMP, 'utf8') === stampFor(versionOf(PYTHON));
}

/**
 * The machine's Python: 3.10 to 3.14, with what an environment needs.
 * @returns {{ tool: string, version: string }}
 */
export function findPython() {
  const names = ['python3', ...MINORS.map((minor) => `python3.${minor}`), 'python'];
  const found = names.map((tool) => ({ tool, version: versionOf(tool) })).filter(({ version }) => version !== '');
  const usable = found.find(({ version }) => MINORS.some((minor) => version === `3.${minor}`));
  if (usable === undefined) throw noPython(found[0]?.version);
  if (!capture(usable.tool, PROBE).ok) {
    throw new Fault(
      EXIT.machine,
      `${usable.tool} (${usable.version}) lacks venv, ensurepip or ssl, which an environment of its own needs`,
      `on Debian or Ubuntu: apt-get install python${usable.version}-venv`,
    );
  }
  return usable;
}

/** LightGBM loads the system's OpenMP run-time, which minimal images lack. */
export function checkOpenMp(/** @type {string} */ tool) {
  if (process.platform !== 'linux' || capture(tool, LIBGOMP).ok) return;
  throw new Fault(
    EXIT.machine,
    'libgomp.so.1 is missing, without which LightGBM does not load',
    'on Debian or Ubuntu: apt-get install libgomp1; on Fedora: dnf install libgomp',
  );
}

/**
 * Makes .venv anew from the lock, every file checked against its hash. The stamp is written last: an interrupted
 * installation is one that was never made.
 * @param {{ tool: string, version: string }} python
 */
export async function installPython({ tool, version }) {
  mkdirSync(WORK, { recursive: true });
  rmSync(VENV, { recursive: true, force: true });
  await install('python -m venv', [tool, '-I', '-m', 'venv', VENV], 'venv.log');
  const pip = [PYTHON, '-I', '-m', 'pip', 'install', '--no-input', '--disable-pip-version-check', '--progress-bar=off'];
  await install('pip install', [...pip, '--require-hashes', '--only-binary=:all:', '-r', LOCK], 'pip.log');
  // Relative to the folder it lies in, so that a checkout can be moved.
  writeFileSync(join(VENV, 'lib', `python${version}`, 'site-packages', 'roofshot.pth'), `${TRAINER}\n`);
  writeFileSync(STAMP, stampFor(version));
}

/** @param {string} title @param {readonly string[]} command @param {string} logName */
async function install(title, command, logName) {
  const log = join(WORK, logName);
  const env = { ...process.env, PIP_USER: '0', PIP_REQUIRE_VIRTUALENV: '0' };
  const { ok, output } = await runLogged(command, { cwd: ROOT, log, env });
  if (!ok) throw explainFailure(EXIT.pythonPackages, title, output, log);
}

/** @param {string | undefined} other */
function noPython(other) {
  const wanted = 'Python 3.10 to 3.14';
  const why = other === undefined ? 'there is no python3 on the PATH' : `the Python here is ${other}`;
  return new Fault(
    EXIT.machine,
    `${wanted} is needed for training, and ${why}`,
    `install one of them (on Debian or Ubuntu: apt-get install python3 python3-venv), so that it is on the PATH as python3 or python3.<minor>`,
  );
}

/** @param {string} tool @returns {string} "3.11", or "" when it does not start */
function versionOf(tool) {
  return capture(tool, VERSION).stdout.trim();
}

/** @param {string} python */
function stampFor(python) {
  const lock = createHash('sha256').update(readFileSync(LOCK)).digest('hex');
  return `${JSON.stringify({ lock, python })}\n`;
}
