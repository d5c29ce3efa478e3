/** Reads the log backwards, newest records first, page by page over all partitions in turn. */
import { acceptedEvents } from '@roofshot/contracts/events';
import type { TraceHop } from '@roofshot/contracts/http/ingestion';
import { OTHERS } from '@roofshot/contracts/define';
import { allTopics } from '@roofshot/contracts/topics';
import type { EventBus, LogBounds, LogRecord } from '@roofshot/messaging/events';
import { describeHop, type TellData } from './describe-hop.ts';
import { matchRecord } from './match-record.ts';

export interface ScanLimits {
  /** At most so many hops: an id that names thousands of records (a batch's correlation id) is cut off. */
  readonly hops: number;
  readonly milliseconds: number;
  /** The caller has gone. */
  readonly signal: AbortSignal;
}

export interface Wanted {
  readonly id: string;
  /** Personal data is not told. */
  readonly tell: TellData;
}

export interface Scanned {
  /** Oldest first. */
  readonly hops: readonly TraceHop[];
  readonly records: number;
  readonly topics: number;
  /** Why older records were not looked at; null when all were. */
  readonly stoppedBy: 'time' | 'hops' | null;
  /** Every record after this moment was looked at (epoch milliseconds); null when all were, or nothing was. */
  readonly seenSince: number | null;
}

/** One statement of the log; a page is matched in a few milliseconds, so that requests in between do not wait. */
const PAGE = 2_000;

type ReadableLog = Pick<EventBus, 'listTopics' | 'bounds' | 'readFrom'>;

/** A partition that is read from its end towards its start. */
interface Cursor extends LogBounds {
  /** Records at and after it were looked at. */
  next: number;
  /** Append time of the oldest record that was looked at. */
  oldest: number | null;
}

export async function scanLog(bus: ReadableLog, wanted: Wanted, limits: ScanLimits): Promise<Scanned> {
  const deadline = performance.now() + limits.milliseconds;
  const topics = await ownTopics(bus);
  const cursors = (await Promise.all(topics.map((topic) => bus.bounds(topic)))).flat().map(cursorOf);
  const hops: TraceHop[] = [];
  let records = 0;
  const stoppedBy = (): Scanned['stoppedBy'] => {
    if (hops.length >= limits.hops) return 'hops';
    return performance.now() > deadline || limits.signal.aborted ? 'time' : null;
  };
  for (let open = unread(cursors); open.length > 0 && stoppedBy() === null; open = unread(cursors)) {
    for (const cursor of open) {
      if (stoppedBy() !== null) break;
      const page = await readPageBefore(bus, cursor);
      records += page.length;
      hops.push(...hopsIn(page, wanted));
    }
  }
  const rest = unread(cursors);
  const kept = hops.sort(newestFirst).slice(0, limits.hops).reverse();
  const isCut = kept.length < hops.length;
  return {
    hops: kept,
    records,
    topics: topics.length,
    stoppedBy: isCut ? 'hops' : rest.length === 0 ? null : stoppedBy(),
    seenSince: sinceOf(rest),
  };
}

/** What others write there comes again as what became of it, with its personal data hidden. */
const CONTRACTS = new Set(allTopics.filter(({ owner }) => owner !== OTHERS).map(({ name }) => name));

/** A broker may carry others' topics too, in codecs of theirs: what lies there is nobody's business here. */
async function ownTopics(bus: ReadableLog): Promise<string[]> {
  const names = await bus.listTopics();
  return names.filter((name) => CONTRACTS.has(name) || name.startsWith(acceptedEvents.prefix));
}

const cursorOf = (bounds: LogBounds): Cursor => ({ ...bounds, next: bounds.end, oldest: null });
const unread = (cursors: readonly Cursor[]): Cursor[] => cursors.filter(({ next, start }) => next > start);

/** Compaction leaves gaps, so a page may hold fewer records than offsets, and reading on would run into what was read before. */
async function readPageBefore(bus: ReadableLog, cursor: Cursor): Promise<LogRecord[]> {
  const { topic, partition, start, next } = cursor;
  const from = Math.max(start, next - PAGE);
  const page = (await bus.readFrom({ topic, partition }, from, next - from)).filter(({ offset }) => offset < next);
  cursor.next = from;
  cursor.oldest = page[0]?.appendedAt ?? cursor.oldest;
  return page;
}

function hopsIn(page: readonly LogRecord[], { id, tell }: Wanted): TraceHop[] {
  const quoted = JSON.stringify(id);
  return page.flatMap((record) => {
    const match = matchRecord(record, id, quoted);
    return match === null ? [] : [describeHop(record, match, tell)];
  });
}

/** The youngest of the oldest records seen: before it, some partition was not looked at. */
function sinceOf(rest: readonly Cursor[]): number | null {
  const seen = rest.map(({ oldest }) => oldest);
  if (seen.length === 0 || seen.includes(null)) return null;
  return Math.max(...seen.map((at) => at ?? 0));
}

/** By the time of the append; then by place, so that the order is always the same. */
function newestFirst(a: TraceHop, b: TraceHop): number {
  if (a.at !== b.at) return a.at < b.at ? 1 : -1;
  const [placeA, placeB] = [`${a.topic}/${a.partition}`, `${b.topic}/${b.partition}`];
  return placeA === placeB ? b.offset - a.offset : placeA < placeB ? 1 : -1;
}
