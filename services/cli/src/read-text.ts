/** Text files of people: whole, in UTF-8, of sane size; anything else is told with its line. */
import { isUtf8 } from 'node:buffer';
import { closeSync, openSync, readSync } from 'node:fs';

/** A mebibyte is some thousands of resources; beyond this it is the wrong file. */
export const MOST_BYTES = 1024 * 1024;

/** Why a file cannot be read, and what to do. */
export class TextFault extends Error {
  /** 1-based; 0: of the file as a whole. */
  readonly line: number;

  constructor(message: string, line = 0, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TextFault';
    this.line = line;
  }
}

/** Throws `TextFault`. Reads no more than it takes, so that a device without end does no harm. */
export function readText(path: string): string {
  const bytes = readBytes(path);
  if (bytes.length > MOST_BYTES)
    throw new TextFault(`it is larger than the ${MOST_BYTES / 1024 / 1024} MiB that a file may have. Split it, or name another.`);
  const text = decode(bytes);
  refuseControls(text);
  return text;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file. Check the path.',
  ENOTDIR: 'there is no such file. Check the path.',
  EISDIR: 'it is a folder. Give it another name, or name it with -f itself.',
  EACCES: 'this user may not read it. Give it the right to.',
  ELOOP: 'it is a link that leads to itself. Mend the link.',
};

/** In words, of an error of the file system. */
export function reasonOf(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return REASONS[code] ?? `${message}. Check the path and its permissions.`;
}

function readBytes(path: string): Buffer {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const bytes = Buffer.alloc(MOST_BYTES + 1);
    let filled = 0;
    for (let read = -1; read !== 0 && filled < bytes.length; filled += read)
      read = readSync(file, bytes, filled, bytes.length - filled, null);
    return bytes.subarray(0, filled);
  } catch (error) {
    throw new TextFault(reasonOf(error), 0, { cause: error });
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

const NEWLINE = 0x0a;

function decode(bytes: Buffer): string {
  const other = otherEncoding(bytes);
  if (other !== undefined) throw new TextFault(`it is written in ${other}. Save it as UTF-8.`, 1);
  if (!isUtf8(bytes))
    throw new TextFault('it holds bytes that are no UTF-8 (first in this line). Save it as UTF-8.', firstFaultyLine(bytes));
  return bytes.toString('utf8').replace(/^\uFEFF/, '');
}

function otherEncoding(bytes: Buffer): string | undefined {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return 'UTF-16';
  if (first === 0xfe && second === 0xff) return 'UTF-16';
  // Latin text in UTF-16 has a zero in every other byte.
  return bytes.length > 1 && (first === 0) !== (second === 0) ? 'UTF-16' : undefined;
}

function firstFaultyLine(bytes: Buffer): number {
  let line = 1;
  for (let [start, end] = [0, 0]; start < bytes.length; start = end, line++) {
    const next = bytes.indexOf(NEWLINE, start);
    end = next < 0 ? bytes.length : next + 1;
    if (!isUtf8(bytes.subarray(start, end))) return line;
  }
  return line;
}

// oxlint-disable-next-line no-control-regex -- these are what is looked for
const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/;

function refuseControls(text: string): void {
  const at = text.search(CONTROL);
  if (at < 0) return;
  const code = text.charCodeAt(at).toString(16).toUpperCase().padStart(4, '0');
  throw new TextFault(`it holds the control character U+${code} in this line. Remove it, or write it as an escape.`, lineAt(text, at));
}

const lineAt = (text: string, offset: number): number => text.slice(0, offset).split('\n').length;
