import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { userInfo } from 'node:os';
import { EXIT, Fault } from './fault.mjs';
import { ROOT, VENV } from './paths.mjs';

const MIN_NODE = 20;
/** Measured: node_modules 1.0 GB, .venv 0.8 GB, what npm and pip keep in their caches 0.7 GB, and room to work. */
const NEEDED_GB = 3;

/** Node that runs this script. Cheap, so that it is asked every time. */
export function checkNode() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major >= MIN_NODE) return;
  throw new Fault(
    EXIT.machine,
    `Node ${process.versions.node} is too old: the set-up needs Node ${MIN_NODE} or newer`,
    'install Node from your package manager, or with nvm: nvm install 24',
  );
}

/** What only an installation needs; each fault names its remedy. */
export function checkRoomToInstall() {
  checkPlatform();
  checkWritable();
  checkDisk();
}

function checkPlatform() {
  const where = `${process.platform} ${process.arch}`;
  if (process.platform === 'darwin') return;
  if (process.platform !== 'linux') {
    throw new Fault(EXIT.machine, `${where} is not supported`, 'use Linux or macOS; on Windows, WSL 2');
  }
  if (process.arch !== 'x64' && process.arch !== 'arm64') {
    throw new Fault(EXIT.machine, `there are no Node 24 and PostgreSQL binaries for ${where}`, 'use x64 or arm64');
  }
  if (usesGlibc()) return;
  throw new Fault(
    EXIT.machine,
    'this Linux has no glibc (Alpine?), which the binaries of PostgreSQL and ONNX Runtime need',
    'use a distribution with glibc, such as Debian, Ubuntu or Fedora',
  );
}

function usesGlibc() {
  const report = /** @type {NodeJS.ProcessReport & { excludeNetwork?: boolean }} */ (process.report);
  // Without this the report asks the name service about every open socket, which can take seconds.
  report.excludeNetwork = true;
  const { header } = /** @type {{ header?: { glibcVersionRuntime?: string } }} */ (report.getReport());
  return header?.glibcVersionRuntime !== undefined;
}

function checkWritable() {
  for (const folder of [ROOT, join(ROOT, 'node_modules'), join(ROOT, '.cache'), VENV]) {
    if (!existsSync(folder) || isWritable(folder)) continue;
    throw new Fault(
      EXIT.machine,
      `user ${userInfo().username} may not write to ${folder}`,
      'clone the project as this user, or give the folder to this user (chown -R)',
    );
  }
}

/** @param {string} folder */
function isWritable(folder) {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false;
    throw error;
  }
}

function checkDisk() {
  const { bavail, bsize } = statfsSync(ROOT);
  const freeGb = (bavail * bsize) / 1e9;
  if (freeGb >= NEEDED_GB) return;
  throw new Fault(
    EXIT.machine,
    `${freeGb.toFixed(1)} GB are free where ${ROOT} lies, and the set-up needs ${NEEDED_GB} GB`,
    'make room, or clone the project to a larger disk',
  );
}
