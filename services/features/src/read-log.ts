import type { CloudEvent } from '@roofshot/contracts/envelope';
import { EVENT_ERASED, SOURCE_PROGRESSED } from '@roofshot/contracts/envelope';
import { decodeEvent, isUndecodable } from '@roofshot/messaging/cloud-event-codec';
import type { EventBus, LogRecord } from '@roofshot/messaging/events';
import type { Received } from '@roofshot/messaging/handlers';
import { Repetitions } from '@roofshot/messaging/repetitions';

/** Next offsets by partition. */
export type Offsets = Record<string, number>;

/** Records read at a time: memory stays bounded, round trips few. */
const PAGE = 2_000;

/**
 * Reads a topic from its start to where it ends at the call, one page at a time, in log order per partition. Control records and
 * records that cannot be read are passed over, and so is what an outbox has sent again; what is left of erased ones goes to `visitErased`. Answers where it ended. Throws a RangeError when there is no such topic.
 */
export async function readLog(events: EventBus, topic: string, visit: Visit, visitErased: Visit = () => undefined): Promise<Offsets> {
  const bounds = await events.bounds(topic);
  if (bounds.length === 0) throw new RangeError(`There is no topic "${topic}": no event of this type was declared.`);
  for (const { partition, start, end } of bounds) {
    const repetitions = new Repetitions();
    for (let offset = start; offset < end;) {
      const page = (await events.readFrom({ topic, partition }, offset, PAGE)).filter((record) => record.offset < end);
      for (const event of readAll(repetitions.pass(page))) (event.type === EVENT_ERASED ? visitErased : visit)(event);
      offset = page.length === 0 ? end : (page.at(-1)?.offset ?? end) + 1;
    }
  }
  return Object.fromEntries(bounds.map(({ partition, end }) => [String(partition), end]));
}

type Visit = (event: Received<CloudEvent>) => void;
type IsWanted = (event: CloudEvent) => boolean;

/** The last events of a topic that are wanted, in the order of their known time. */
export async function readLastEvents(
  events: EventBus,
  topic: string,
  count: number,
  isWanted: IsWanted = () => true,
): Promise<Received<CloudEvent>[]> {
  const found: Received<CloudEvent>[] = [];
  for (const { partition, start, end } of await events.bounds(topic)) {
    found.push(...(await readLastOf(events, { topic, partition, start, end }, count, isWanted)));
  }
  return found.sort((a, b) => Date.parse(a.knowntime) - Date.parse(b.knowntime)).slice(-count);
}

interface Range {
  readonly topic: string;
  readonly partition: number;
  readonly start: number;
  readonly end: number;
}

/** Others may lie between the wanted ones: looks further back until there are enough. */
async function readLastOf(events: EventBus, range: Range, count: number, isWanted: IsWanted): Promise<Received<CloudEvent>[]> {
  for (let width = count; ; width *= 4) {
    const from = Math.max(range.start, range.end - width);
    const records: LogRecord[] = [];
    for (let offset = from; offset < range.end;) {
      const page = await events.readFrom(range, offset, PAGE);
      if (page.length === 0) break;
      records.push(...page);
      offset = (page.at(-1)?.offset ?? offset) + 1;
    }
    const read = readEvents(new Repetitions().pass(records)).filter(isWanted);
    if (read.length >= count || from === range.start) return read.slice(-count);
  }
}

/**
 * Records of events in a partition from `start` to `end` that became known after `until` (epoch milliseconds), in log order. Known times
 * rise along the log but for imports, whose events say their own: it is read back until a page of events has none.
 */
export async function readBackTo(events: EventBus, { start, end, ...partition }: Range, until: number): Promise<Received<CloudEvent>[]> {
  const found: LogRecord[][] = [];
  for (let from = end; from > start;) {
    const before = from;
    from = Math.max(start, before - PAGE);
    const page = (await events.readFrom(partition, from, before - from)).filter(({ offset }) => offset < before);
    found.unshift(page);
    const known = readEvents(page).map(({ knowntime }) => Date.parse(knowntime));
    if (known.length > 0 && known.every((time) => time <= until)) break;
  }
  return readEvents(new Repetitions().pass(found.flat())).filter(({ knowntime }) => Date.parse(knowntime) > until);
}

function readEvents(records: readonly LogRecord[]): Received<CloudEvent>[] {
  return readAll(records).filter(({ type }) => type !== EVENT_ERASED);
}

function readAll(records: readonly LogRecord[]): Received<CloudEvent>[] {
  return records.map(decodeEvent).flatMap((event) => (isUndecodable(event) || event.type === SOURCE_PROGRESSED ? [] : [event]));
}
