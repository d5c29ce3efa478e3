/** Rows that are pushed as Feast's feature server takes them, as CloudEvents. */
import { hash } from 'node:crypto';
import type { PushFeatures } from '@roofshot/contracts/http/feast';
import type { Fault } from '@roofshot/contracts/validate';
import { DomainError } from '@roofshot/runtime/errors';
import type { Incoming } from '../prepare-events.ts';
import { writeJson } from '../write-json.ts';

/** The column that Feast's examples call so, and most sources do. */
const TIME = 'event_timestamp';
const SUBJECT = 'subject';
/** Hexadecimal digits of an id: 128 bits. */
const ID_LENGTH = 32;

export interface PushReceipt {
  /** URI reference; `(source, id)` is what a repeat is recognised by. */
  readonly source: string;
  /** For rows without a time. */
  readonly newId: () => string;
}

/** An event for each row. Throws `invalid` where the columns are not of one length. */
export function pushEvents(
  { push_source_name: type, df }: Pick<PushFeatures, 'push_source_name' | 'df'>,
  receipt: PushReceipt,
): Incoming[] {
  const columns = Object.entries(df);
  refuseUneven(columns);
  // By name, so that the order of the columns makes no other event.
  columns.sort(([a], [b]) => (a < b ? -1 : 1));
  const [, first = []] = columns[0] ?? [];
  return first.map((_, i) => {
    const row = Object.fromEntries(columns.map(([name, values]) => [name, values[i] ?? null]));
    return { value: eventOf(type, row, receipt) };
  });
}

function refuseUneven(columns: readonly (readonly [string, readonly unknown[]])[]): void {
  const [first] = columns;
  const faults = columns.flatMap(([name, values]): Fault[] =>
    values.length === first?.[1].length
      ? []
      : [{ path: `/df/${name}`, message: `${name} has ${values.length} values and ${first?.[0]} ${first?.[1].length}` }],
  );
  if (faults.length === 0) return;
  const list = faults.map(({ message }) => message).join('; ');
  throw new DomainError('invalid', `The columns of df are not of one length: ${list}. Nothing of the request was taken.`, { faults });
}

function eventOf(type: string, row: Readonly<Record<string, unknown>>, { source, newId }: PushReceipt): Record<string, unknown> {
  const time = row[TIME] ?? undefined;
  const subject = subjectOf(row[SUBJECT]);
  return {
    specversion: '1.0',
    id: time === undefined ? newId() : idOf(type, row),
    source,
    type,
    ...(subject !== undefined && { subject }),
    ...(time !== undefined && { time: timeOf(time) }),
    data: row,
  };
}

/**
 * A row that says when it happened is the same event whenever it is pushed. One that does not happened now, and what happens later is
 * another event even where it looks alike.
 */
const idOf = (type: string, row: Readonly<Record<string, unknown>>): string => hash('sha256', writeJson([type, row])).slice(0, ID_LENGTH);

function subjectOf(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** As Python and pandas write times: with a blank for the T, without an offset where they mean UTC, without a time of day at midnight. */
const PYTHON_TIME = /^(\d{4}-\d{2}-\d{2})(?:[ Tt](\d{2}:\d{2})(:\d{2}(?:\.\d+)?)?)? ?(?:(Z|UTC)|([+-]\d{2}):?(\d{2})?)?$/i;

/** RFC 3339, or what was sent where it is no time, so that the check of the event finds it. */
function timeOf(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const [, day, minutes = '00:00', seconds = ':00', , hours, offset = '00'] = PYTHON_TIME.exec(value) ?? [];
  if (day === undefined) return value;
  return `${day}T${minutes}${seconds}${hours === undefined ? 'Z' : `${hours}:${offset}`}`;
}
