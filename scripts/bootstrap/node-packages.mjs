import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import { EXIT, Fault } from './fault.mjs';
import { explainFailure } from './explain-failure.mjs';
import { BIN, ROOT, WORK } from './paths.mjs';
import { capture, machinePath, runLogged } from './processes.mjs';

/** The sources use what came with this version; on Linux npm installs it into node_modules/.bin. */
const MIN_NODE = 24;
const LOCK = join(ROOT, 'package-lock.json');
/** npm writes this copy of the lockfile as the last act of an installation: while it is absent, nothing is installed. */
const INSTALLED = join(ROOT, 'node_modules', '.package-lock.json');

/**
 * @typedef {{ version?: string, integrity?: string, resolved?: string, link?: boolean, optional?: boolean }} LockedPackage
 */

/** True when node_modules holds exactly what package-lock.json names; asks neither npm nor the network. */
export function nodePackagesAreCurrent() {
  const locked = readPackages(LOCK);
  if (locked === undefined) {
    throw new Fault(
      EXIT.nodePackages,
      'package-lock.json is missing or is not JSON (a merge conflict?), so that nothing says what to install',
      'restore it: git checkout -- package-lock.json, or npm install --package-lock-only after a merge',
    );
  }
  const installed = readPackages(INSTALLED);
  return installed !== undefined && holdsLocked(locked, installed);
}

/** npm's own patience keeps a machine without network waiting for three minutes before it says so. */
const PATIENCE = ['--fetch-retries=2', '--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=10000'];

/** `npm ci`, and then the check that there is a Node to run the project with. */
export async function installNodePackages() {
  rmSync(INSTALLED, { force: true });
  mkdirSync(WORK, { recursive: true });
  const log = join(WORK, 'npm-ci.log');
  // No package here needs its install script, and one of them would download CUDA.
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=warn', ...PATIENCE];
  const env = { ...process.env, PATH: machinePath() };
  const { ok, output } = await runLogged([...npm(), ...args], { cwd: ROOT, log, env });
  if (!ok) throw explainFailure(EXIT.nodePackages, 'npm ci', output, log);
}

/** The sources need a newer Node than the machine may have: the one in node_modules, or else the machine's own. */
export function checkNodeOfProject() {
  const own = join(BIN, 'node');
  linkNode(own);
  const version = existsSync(own) ? capture(own, ['--version']).stdout.trim().slice(1) : process.versions.node;
  if (Number(version.split('.')[0]) >= MIN_NODE) return;
  throw new Fault(
    EXIT.machine,
    `the project runs on Node ${MIN_NODE}, and there is only ${version || 'one that does not start'} here`,
    existsSync(own) || process.platform === 'linux'
      ? 'delete node_modules and try again'
      : `install Node ${MIN_NODE} (on this platform npm does not bring it along)`,
  );
}

/**
 * npm 10 makes no link to a tool that two packages offer, and Node comes in one package for each processor.
 * @param {string} link
 */
function linkNode(link) {
  const packaged = join(ROOT, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  if (existsSync(link) || !existsSync(packaged)) return;
  mkdirSync(BIN, { recursive: true });
  try {
    symlinkSync(relative(BIN, packaged), link);
  } catch (error) {
    // Another set-up was faster.
    if (!existsSync(link)) throw error;
  }
}

/** npm as it was called, or the machine's; never through the node_modules that it is about to delete. */
function npm() {
  const script = process.env.npm_execpath;
  return script?.endsWith('npm-cli.js') && existsSync(script) ? ['node', script] : ['npm'];
}

/**
 * @param {Record<string, LockedPackage>} locked
 * @param {Record<string, LockedPackage>} installed
 */
function holdsLocked(locked, installed) {
  const missing = Object.entries(locked).some(([path, entry]) => {
    if (path === '') return false;
    const found = installed[path];
    // Optional packages are those of other platforms too.
    return found === undefined ? !entry.optional && !isWorkspaceFolder(path) : !isSame(entry, found);
  });
  return !missing && Object.keys(installed).every((path) => path in locked);
}

/** @param {string} path */
function isWorkspaceFolder(path) {
  return !path.includes('node_modules/');
}

/** @param {LockedPackage} a @param {LockedPackage} b */
function isSame(a, b) {
  return a.version === b.version && a.integrity === b.integrity && (!a.link || a.resolved === b.resolved);
}

/** @param {string} file @returns {Record<string, LockedPackage> | undefined} undefined: absent, or cut off in the middle */
function readPackages(file) {
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
