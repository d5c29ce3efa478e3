import { readdir, readFile, readlink } from 'node:fs/promises';

/** State LISTEN in /proc/net/tcp. */
const LISTEN = '0A';

/** Who listens on a TCP port of this machine: `node main.ts (process 123)`. Undefined where the system does not tell. */
export async function holderOfPort(port: number): Promise<string | undefined> {
  const inodes = new Set([...(await listeningInodes('/proc/net/tcp', port)), ...(await listeningInodes('/proc/net/tcp6', port))]);
  if (inodes.size === 0) return undefined;
  for (const pid of await entriesOf('/proc')) {
    if (/^\d+$/.test(pid) && (await holdsSocket(pid, inodes))) return `${await commandOf(pid)} (process ${pid})`;
  }
  return undefined;
}

async function listeningInodes(table: string, port: number): Promise<string[]> {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const lines = (await textOf(table)).split('\n').slice(1);
  return lines.flatMap((line) => {
    const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
    return state === LISTEN && local.endsWith(wanted) && inode !== undefined ? [inode] : [];
  });
}

async function holdsSocket(pid: string, inodes: ReadonlySet<string>): Promise<boolean> {
  for (const fd of await entriesOf(`/proc/${pid}/fd`)) {
    const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => ''); // closed meanwhile
    const [, inode] = /^socket:\[(\d+)\]$/.exec(target) ?? [];
    if (inode !== undefined && inodes.has(inode)) return true;
  }
  return false;
}

async function commandOf(pid: string): Promise<string> {
  const words = (await textOf(`/proc/${pid}/cmdline`)).split('\0').filter((word) => word !== '');
  return words.join(' ').slice(0, 120) || 'a process';
}

/** '' where there is no such file, or it is not ours to read. */
const textOf = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');
/** Likewise empty. */
const entriesOf = (path: string): Promise<string[]> => readdir(path).catch(() => []);
