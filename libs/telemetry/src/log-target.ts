import { closeSync, mkdirSync, openSync, write, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

/** Where log bytes end up. Both ways of writing say how many bytes were taken, which may be fewer than given, or none. */
export interface LineTarget {
  readonly name: string;
  /** Bytes that are written when it returns are told at once, as a number: the process may end in the next moment. */
  take(bytes: Buffer): number | Promise<number>;
  /** Whether a `take` that returned a promise writes its bytes even when the process ends before it resolves; otherwise it has not begun. */
  readonly completesAlone: boolean;
  /** For the end of the process, when nothing can be awaited. */
  takeNow(bytes: Buffer): number;
  close(): void;
}

const STDOUT = 1;
/** The pause while a pipe is full. */
const FULL_PIPE_MS = 5;
/** At its end a process waits this long for a reader that takes nothing; then the rest is given up. */
export const STUCK_READER_MS = 2000;

const writeAsync = promisify(write);

/**
 * A file, appended to in Node's thread pool, so that a busy disk holds up nobody. Node joins its pool before the process ends:
 * a write in flight completes. Lines of several writers do not mix, since the kernel locks a file for each append.
 */
export function fileTarget(path: string): LineTarget {
  const fd = openForAppend(path);
  return {
    name: path,
    completesAlone: true,
    take: async (bytes) => (await writeAsync(fd, bytes)).bytesWritten,
    takeNow: (bytes) => writeSync(fd, bytes),
    close: () => closeSync(fd),
  };
}

function openForAppend(path: string): number {
  try {
    mkdirSync(dirname(path), { recursive: true });
    return openSync(path, 'a');
  } catch (cause) {
    throw new Error(`The log file ${path} cannot be opened for writing. Check its folder and permissions, or name another file.`, {
      cause,
    });
  }
}

/**
 * Standard output, written past `process.stdout`: what that stream holds back for a slow reader is lost at `process.exit`. Its mere
 * use has Node make a pipe non-blocking, so a full one is seen at once (EAGAIN) and waited for without holding up the process.
 */
export function stdoutTarget(): LineTarget {
  const { fd = STDOUT } = process.stdout;
  let stuckMs = 0;
  return {
    name: 'standard output',
    completesAlone: false,
    take: (bytes) => writeUnlessFull(fd, bytes) ?? delay(FULL_PIPE_MS, 0),
    takeNow: (bytes) => {
      const taken = writeUnlessFull(fd, bytes);
      stuckMs = taken === undefined ? stuckMs + FULL_PIPE_MS : 0;
      if (stuckMs > STUCK_READER_MS) throw new Error('its reader does not read');
      if (taken === undefined) sleep(FULL_PIPE_MS);
      return taken ?? 0;
    },
    close: () => undefined,
  };
}

function writeUnlessFull(fd: number, bytes: Buffer): number | undefined {
  try {
    return writeSync(fd, bytes);
  } catch (fault) {
    if (fault instanceof Error && 'code' in fault && fault.code === 'EAGAIN') return undefined;
    throw fault;
  }
}

/** Blocks the thread: only for the end of the process. */
function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
