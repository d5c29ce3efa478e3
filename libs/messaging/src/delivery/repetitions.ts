import type { CarriedMark } from '@roofshot/storage/carried-marks';
import type { LogRecord } from '../events/bus.ts';
import { ORIGIN_HEADER, SEQUENCE_HEADER } from '../events/carried-headers.ts';

export interface Recognised<T> {
  readonly fresh: readonly T[];
  readonly repeated: readonly T[];
  /** Where the reader is in each stream once it has handled these. */
  readonly marks: readonly CarriedMark[];
}

/** No outbox names a stream by more, and an index must take it. */
const MAX_ORIGIN = 200;

/** What an outbox has written on the record; undefined where none has, or where others have written what none writes. */
function carriedBy({ headers }: LogRecord): { origin: string; sequence: number } | undefined {
  const [origin, text] = [headers[ORIGIN_HEADER], headers[SEQUENCE_HEADER]];
  if (origin === undefined || origin.length > MAX_ORIGIN || origin.includes('\0')) return undefined;
  const sequence = /^\d+$/.test(text ?? '') ? Number(text) : NaN;
  return Number.isSafeInteger(sequence) ? { origin, sequence } : undefined;
}

/** Knows how far a reader of one partition is in what outboxes send, and recognises what they send a second time. */
export class Repetitions {
  readonly #marks: Map<string, CarriedMark>;

  constructor(marks: readonly CarriedMark[] = []) {
    this.#marks = new Map(marks.map((mark) => [mark.origin, mark]));
  }

  /** Changes nothing: `passed` does, when the fresh ones have been handled. */
  recognise<T extends { readonly record: LogRecord }>(items: readonly T[]): Recognised<T> {
    const moved = new Map<string, CarriedMark>();
    const repeated = items.filter(({ record }) => {
      const carried = carriedBy(record);
      if (carried === undefined) return false;
      const { origin, sequence } = carried;
      const mark = moved.get(origin) ?? this.#marks.get(origin);
      if (mark !== undefined && sequence <= mark.sequence) return true;
      moved.set(origin, { origin, sequence, offset: record.offset });
      return false;
    });
    const left = new Set(repeated);
    return { fresh: left.size === 0 ? items : items.filter((item) => !left.has(item)), repeated, marks: [...moved.values()] };
  }

  passed(marks: readonly CarriedMark[]): void {
    for (const mark of marks) this.#marks.set(mark.origin, mark);
  }

  /** For who goes through a partition once, in its order: the records without what was sent again. */
  pass(records: readonly LogRecord[]): LogRecord[] {
    const { fresh, marks } = this.recognise(records.map((record) => ({ record })));
    this.passed(marks);
    return fresh.map(({ record }) => record);
  }
}
