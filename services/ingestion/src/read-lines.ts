/** Events from newline-delimited JSON, a group of lines at a time: constant memory, whatever the size of the body. */
import { isUtf8 } from 'node:buffer';
import type { Incoming } from './prepare-events.ts';

/** Lines that go into one transaction, and the bytes after which it is closed earlier. */
const GROUP = 1_000;
const GROUP_BYTES = 1024 * 1024;
/** Of the sender. Longer than between two parts of a body that comes, shorter than somebody notices. */
const PAUSE_MS = 50;
/** A line longer than this is refused and not kept in memory. */
const MAX_LINE_BYTES = 1024 * 1024;
/** Of a line that is refused for its length or encoding, so much is kept. */
const KEPT_BYTES = 4096;
const NEWLINE = 0x0a;

export interface LineGroup {
  readonly events: readonly Incoming[];
  /** Of each event: the 1-based number of its line in the body, blank ones counted, as an editor shows it. */
  readonly lines: readonly number[];
}

/**
 * Lines that come together go together. What has come of a sender who pauses is not kept until the group is full: its verdicts would wait,
 * and many who pause would fill the memory.
 */
export async function* readLineGroups(chunks: AsyncIterable<Buffer | string>): AsyncGenerator<LineGroup> {
  let events: Incoming[] = [];
  let lines: number[] = [];
  let bytes = 0;
  const take = (): LineGroup => {
    const group = { events, lines };
    [events, lines, bytes] = [[], [], 0];
    return group;
  };
  for await (const some of withPauses(readLines(chunks))) {
    for (const line of some) {
      events.push(incomingOf(line));
      lines.push(line.number);
      bytes += line.bytes.length;
      if (events.length >= GROUP || bytes >= GROUP_BYTES) yield take();
    }
    if (some.length === 0 && events.length > 0) yield take();
  }
  if (events.length > 0) yield take();
}

/** Nothing came for so long: an empty list. Told once for each pause. */
async function* withPauses<T>(source: AsyncGenerator<readonly T[]>): AsyncGenerator<readonly T[]> {
  for (let next = source.next(); ;) {
    const pause = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => pause.resolve(undefined), PAUSE_MS);
    next.catch(() => undefined); // nobody may be there any more to hear of it
    const first = await Promise.race([next, pause.promise]).finally(() => clearTimeout(timer));
    if (first === undefined) yield [];
    const { done, value } = first ?? (await next);
    if (done === true) return;
    next = source.next();
    if (value.length > 0) yield value;
  }
}

interface Line {
  readonly number: number;
  readonly bytes: Buffer;
  readonly isCut: boolean;
}

/**
 * Lines that hold something, those of a chunk together; blank ones are only counted. Split before they are decoded, so that one that is no
 * text spoils no other.
 */
async function* readLines(chunks: AsyncIterable<Buffer | string>): AsyncGenerator<Line[]> {
  let parts: Buffer[] = [];
  let length = 0;
  let number = 0;
  const take = (): Line => {
    const [first] = parts;
    const bytes = parts.length === 1 && first !== undefined ? first : Buffer.concat(parts);
    const line = { number: (number += 1), bytes, isCut: length > bytes.length };
    parts = [];
    length = 0;
    return line;
  };
  const add = (part: Buffer): void => {
    const room = MAX_LINE_BYTES + 1 - Math.min(length, MAX_LINE_BYTES + 1);
    if (room > 0) parts.push(part.subarray(0, room));
    length += part.length;
  };
  for await (const chunk of chunks) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    const lines: Line[] = [];
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      add(bytes.subarray(start, end));
      start = end + 1;
      const line = take();
      if (!isBlank(line.bytes)) lines.push(line);
    }
    add(bytes.subarray(start));
    yield lines;
  }
  const last = take();
  if (!isBlank(last.bytes)) yield [last];
}

/** White space of JSON alone. */
const isBlank = (bytes: Buffer): boolean => bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);

function incomingOf({ number, bytes, isCut }: Line): Incoming {
  const refuse = (reason: 'too-large' | 'json', detail: string): Incoming => {
    const isPart = reason === 'too-large' || !isUtf8(bytes);
    const original = bytes.toString('utf8', 0, isPart ? KEPT_BYTES : undefined);
    return { unreadable: { verdict: 'quarantined', reason, detail }, original, ...(isPart && { isPart }) };
  };
  if (isCut || bytes.length > MAX_LINE_BYTES)
    return refuse(
      'too-large',
      `Line ${number} is longer than ${MAX_LINE_BYTES} bytes. Send large content elsewhere and its address in the event.`,
    );
  if (!isUtf8(bytes)) return refuse('json', `Line ${number} is not UTF-8, so its characters cannot be told. Encode it and send it again.`);
  try {
    return { value: JSON.parse(bytes.toString('utf8')) as unknown };
  } catch (error) {
    return refuse('json', `Line ${number} is no JSON: ${(error as Error).message}. Send one event a line.`);
  }
}
