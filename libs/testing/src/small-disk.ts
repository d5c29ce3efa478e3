/** A small disk of one's own, which can be filled to the last byte and emptied again. */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const MEGABYTE = 1024 * 1024;
/** From large to small, so that not a byte stays free. */
const BALLAST_BYTES = [MEGABYTE, 4096, 1];

export interface SmallDisk {
  readonly path: string;
  /** Takes whatever is free now. May be called again, because a running platform gives space back. */
  fill(): void;
  /** Gives back what `fill` took. */
  free(): void;
  remove(): void;
}

/** Undefined where this user may not mount one, and then it says so. */
export function mountSmallDisk(path: string, megabytes: number): SmallDisk | undefined {
  mkdirSync(path, { recursive: true });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path], { stdio: 'pipe' });
  } catch (error) {
    process.stderr.write(
      `Not tried: a small disk cannot be mounted here, which root may do outside of most containers (${String(error)}).\n`,
    );
    return undefined;
  }
  const ballast = join(path, 'ballast');
  return {
    path,
    fill: () => fill(ballast),
    free: () => rmSync(ballast, { force: true }),
    remove: () => void execFileSync('umount', [path]),
  };
}

function fill(ballast: string): void {
  const file = openSync(ballast, 'a');
  try {
    for (const bytes of BALLAST_BYTES) writeUntilFull(file, Buffer.alloc(bytes));
  } finally {
    closeSync(file);
  }
}

function writeUntilFull(file: number, bytes: Buffer): void {
  try {
    while (writeSync(file, bytes) > 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}
