import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { EXIT, Fault } from './fault.mjs';

const GATEWAY = 4100;
/** The gateway with the console, and the six services behind it. */
const COUNT = 7;
const TCP_LISTEN = '0A';

/**
 * Refuses when a port that the platform answers on is taken, and names who holds it where that can be seen.
 * @param {readonly string[]} command that is about to run: its `--port N` moves all, and 0 takes free ones
 */
export async function checkPorts(command) {
  const first = gatewayOf(command);
  if (first === 0) return;
  const ports = Array.from({ length: COUNT }, (_, index) => first + index);
  const free = await Promise.all(ports.map(isFree));
  const taken = ports.filter((_, index) => !free[index]);
  if (taken.length === 0) return;
  /** @type {Map<string, number[]>} */
  const byHolder = new Map();
  for (const port of taken) {
    const holder = holderOf(port) ?? 'holder not visible to this user';
    byHolder.set(holder, [...(byHolder.get(holder) ?? []), port]);
  }
  const list = [...byHolder].map(([holder, held]) => `${held.join(', ')} (${holder})`).join('; ');
  throw new Fault(
    EXIT.portInUse,
    `these ports are in use: ${list}`,
    'stop what holds them (an earlier `roofshot up` or demo ends with Ctrl-C, or with kill and the process number), or use others: `-- --port N` takes N and the six after it, `-- --port 0` free ones',
  );
}

/** @param {readonly string[]} command @returns {number} */
function gatewayOf(command) {
  const at = command.findIndex((word) => word === '--port' || word.startsWith('--port='));
  const text = command[at]?.split('=')[1] ?? command[at + 1];
  return at >= 0 && /^\d{1,5}$/.test(text ?? '') ? Number(text) : GATEWAY;
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
