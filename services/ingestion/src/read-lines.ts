/** Events from newline-delimited JSON, a group of lines at a time: constant memory, whatever the size of the body. */
import type { Incoming } from './event-intake.ts';

/** Lines that go into one transaction. */
const GROUP = 500;
/** A line longer than this is refused and not kept in memory. */
const MAX_LINE_BYTES = 1024 * 1024;

export interface LineGroup {
  /** 1-based number of the group's first line among those that hold something. */
  readonly firstLine: number;
  readonly events: readonly Incoming[];
}

export async function* readLineGroups(chunks: AsyncIterable<Buffer | string>): AsyncGenerator<LineGroup> {
  let firstLine = 1;
  let events: Incoming[] = [];
  for await (const line of readLines(chunks)) {
    events.push(incomingOf(line, firstLine + events.length));
    if (events.length < GROUP) continue;
    yield { firstLine, events };
    firstLine += events.length;
    events = [];
  }
  if (events.length > 0) yield { firstLine, events };
}

interface Line {
  readonly text: string;
  readonly isCut: boolean;
}

async function* readLines(chunks: AsyncIterable<Buffer | string>): AsyncGenerator<Line> {
  const decoder = new TextDecoder();
  let rest = '';
  let isCut = false;
  for await (const chunk of chunks) {
    const parts = (rest + (typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }))).split('\n');
    rest = parts.pop() ?? '';
    for (const text of parts) {
      if (text.trim() !== '') yield { text, isCut };
      isCut = false;
    }
    if (rest.length <= MAX_LINE_BYTES) continue;
    rest = rest.slice(0, MAX_LINE_BYTES);
    isCut = true;
  }
  if (rest.trim() !== '') yield { text: rest, isCut };
}

function incomingOf({ text, isCut }: Line, line: number): Incoming {
  if (isCut || text.length > MAX_LINE_BYTES) {
    const detail = `Line ${line} is longer than ${MAX_LINE_BYTES} bytes. Send large content elsewhere and its address in the event.`;
    return { unreadable: { verdict: 'quarantined', reason: 'too-large', detail }, original: text.slice(0, 4096) };
  }
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (error) {
    const detail = `Line ${line} is no JSON: ${(error as Error).message}. Send one event a line.`;
    return { unreadable: { verdict: 'quarantined', reason: 'json', detail }, original: text };
  }
}
