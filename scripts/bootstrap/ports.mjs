import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { EXIT, Fault } from './fault.mjs';

/** The gateway with the console, the six services, and serving's gRPC door. */
const PORTS = [4100, 4101, 4102, 4103, 4104, 4105, 4106, 4115];
const TCP_LISTEN = '0A';

/** Refuses when a port that the platform answers on is taken, and names who holds it where that can be seen. */
export async function checkPorts() {
  const free = await Promise.all(PORTS.map(isFree));
  const taken = PORTS.filter((_, index) => !free[index]);
  if (taken.length === 0) return;
  const list = taken.map((port) => `${port} (${holderOf(port) ?? 'holder not visible to this user'})`).join(', ');
  throw new Fault(
    EXIT.portInUse,
    `these ports are in use: ${list}`,
    'stop what holds them: an earlier `roofshot up` or demo ends with Ctrl-C, or with kill and the process number',
  );
}

/** @param {number} port @returns {Promise<boolean>} */
function isFree(port) {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => {
      if ('code' in error && error.code === 'EADDRINUSE') resolve(false);
      else reject(error);
    });
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** @param {number} port @returns {string | undefined} "process 4711: node services/…" */
function holderOf(port) {
  if (process.platform !== 'linux') return undefined;
  const sockets = new Set(['tcp', 'tcp6'].flatMap((table) => listeningSockets(table, port)));
  const pid = readdirSync('/proc').find((name) => /^\d+$/.test(name) && holdsAny(name, sockets));
  return pid === undefined ? undefined : `process ${pid}: ${commandOf(pid)}`;
}

/** @param {string} table @param {number} port @returns {string[]} as in /proc/<pid>/fd */
function listeningSockets(table, port) {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const rows = readable(() => readFileSync(`/proc/net/${table}`, 'utf8'), '')
    .split('\n')
    .slice(1);
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(`:${hex}`) && fields[3] === TCP_LISTEN)
    .map((fields) => `socket:[${fields[9]}]`);
}

/** @param {string} pid @param {ReadonlySet<string>} sockets */
function holdsAny(pid, sockets) {
  const folder = `/proc/${pid}/fd`;
  const handles = readable(() => readdirSync(folder), []);
  return handles.some((handle) => sockets.has(readable(() => readlinkSync(`${folder}/${handle}`), '')));
}

/** @param {string} pid */
function commandOf(pid) {
  const parts = readable(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'), '').split('\0');
  return parts.join(' ').trim().slice(0, 120);
}

/**
 * Other users' processes cannot be read, and any process may end while it is looked at.
 * @template T
 * @param {() => T} read
 * @param {T} otherwise
 * @returns {T}
 */
function readable(read, otherwise) {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && 'code' in error) return otherwise;
    throw error;
  }
}
