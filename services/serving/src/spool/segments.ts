/** The spool's files: `<number>.ndjson`, 12 digits, one line a request. The line's place names it for ever: segment and byte offset. */
import { open, readdir, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

/** Where a line begins, or where reading goes on. */
export interface SpoolPosition {
  readonly segment: number;
  readonly offset: number;
}

export interface SpoolLine extends SpoolPosition {
  readonly text: string;
}

export interface SpoolPart {
  readonly lines: readonly SpoolLine[];
  /** Where to read on. */
  readonly next: SpoolPosition;
  /** Bytes behind the last line break: a line whose write has not ended, or never will. */
  readonly rest: number;
}

const FILE = /^(\d{12})\.ndjson$/;
const NEWLINE = 0x0a;

export function segmentPath(folder: string, segment: number): string {
  return join(folder, `${String(segment).padStart(12, '0')}.ndjson`);
}

/** Numbers of the segments in the folder, ascending. */
export async function listSegments(folder: string): Promise<number[]> {
  const names = await readdir(folder);
  return names
    .flatMap((name) => FILE.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

export async function removeSegment(folder: string, segment: number): Promise<void> {
  await rm(segmentPath(folder, segment), { force: true });
}

export interface ReadLimits {
  readonly maxBytes: number;
  /** Nothing from this offset on. */
  readonly end?: number | undefined;
}

/**
 * Whole lines of one segment from an offset on, about `maxBytes` of them and always at least one where there is one.
 */
export async function readLines(folder: string, from: SpoolPosition, { maxBytes, end = Infinity }: ReadLimits): Promise<SpoolPart> {
  const file = await openIfThere(segmentPath(folder, from.segment));
  if (file === undefined) return { lines: [], next: from, rest: 0 };
  try {
    for (let wanted = maxBytes; ; wanted *= 4) {
      const size = Math.min(wanted, Math.max(0, end - from.offset));
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(size), 0, size, from.offset);
      const part = splitLines(buffer.subarray(0, bytesRead), from);
      if (part.lines.length > 0 || bytesRead < wanted) return part;
    }
  } finally {
    await file.close();
  }
}

/** Undefined when there is no such file. */
export async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function splitLines(bytes: Buffer, from: SpoolPosition): SpoolPart {
  const lines: SpoolLine[] = [];
  let start = 0;
  for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
    lines.push({ segment: from.segment, offset: from.offset + start, text: bytes.toString('utf8', start, end) });
    start = end + 1;
  }
  return { lines, next: { segment: from.segment, offset: from.offset + start }, rest: bytes.length - start };
}

export function isBefore(left: SpoolPosition, right: SpoolPosition): boolean {
  return left.segment < right.segment || (left.segment === right.segment && left.offset < right.offset);
}
