/** Proportional memory (PSS: shared pages are counted once) of a process and all that it started. Linux only. */
import { readdirSync, readFileSync } from 'node:fs';

export interface MemoryWatch {
  /** Greatest sum seen, in MiB. */
  peakMb(): number;
  stop(): void;
}

const EVERY_MS = 1000;

export function startMemoryWatch(root: number): MemoryWatch {
  let peak = 0;
  const look = (): void => {
    const pids = [process.pid, ...descendantsOf(root)];
    peak = Math.max(peak, [...new Set(pids)].reduce((sum, pid) => sum + pssOf(pid), 0) / 1024);
  };
  look();
  const timer = setInterval(look, EVERY_MS);
  timer.unref();
  return { peakMb: () => peak, stop: () => clearInterval(timer) };
}

/** MiB now, of a process and all that it started but for PostgreSQL and trainers (users' code in processes of their own). */
export function platformMemoryMb(root: number): number {
  const own = descendantsOf(root).filter((pid) => !/postgres|python/.test(readProc(pid, 'comm') ?? ''));
  return own.reduce((sum, pid) => sum + pssOf(pid), 0) / 1024;
}

export function descendantsOf(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const pid of processes()) {
    const parent = parentOf(pid);
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const found: number[] = [];
  const open = [root];
  for (let pid = open.pop(); pid !== undefined; pid = open.pop()) {
    found.push(pid);
    open.push(...(children.get(pid) ?? []));
  }
  return found;
}

function processes(): number[] {
  return readdirSync('/proc').map(Number).filter(Number.isInteger);
}

/** Fields of /proc/<pid>/stat after the name in brackets: state, parent. */
function parentOf(pid: number): number | undefined {
  const stat = readProc(pid, 'stat');
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields === undefined ? undefined : Number(fields[1]);
}

/** KiB; 0 for a process that has ended meanwhile. */
function pssOf(pid: number): number {
  return Number(/^Pss:\s+(\d+)/m.exec(readProc(pid, 'smaps_rollup') ?? '')?.[1] ?? 0);
}

function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (['ENOENT', 'ESRCH', 'EACCES'].includes(code)) return undefined;
    throw error;
  }
}
