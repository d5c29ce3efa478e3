/**
 * How far event time has come, for each task: everything that happened before it is folded. An importer says it in control records;
 * for live events it is the time at which the newest was known, and now where nothing is left to read.
 */
import type { Queryable } from '@roofshot/storage/sql';

export interface EventTimeMark {
  readonly topic: string;
  readonly partition: number;
  /** The deployment, for predictions; else empty. */
  readonly subject: string;
  /** Epoch milliseconds. */
  readonly reached: number;
}

/** An earlier time leaves a later one where it is. */
export async function markEventTimes(db: Queryable, marks: readonly EventTimeMark[]): Promise<void> {
  if (marks.length === 0) return;
  await db.query(
    `INSERT INTO experiments.event_times AS kept SELECT t, p, s, r FROM unnest($1::text[], $2::int[], $3::text[], $4::bigint[]) AS m(t, p, s, r)
     ORDER BY t, p, s ON CONFLICT (topic, partition, subject) DO UPDATE SET reached = greatest(kept.reached, EXCLUDED.reached)`,
    [
      marks.map(({ topic }) => topic),
      marks.map(({ partition }) => partition),
      marks.map(({ subject }) => subject),
      marks.map(({ reached }) => reached),
    ],
  );
}

export class EventTimes {
  readonly #reached: ReadonlyMap<string, number>;
  readonly #partitions: ReadonlyMap<string, number>;

  /** `partitions`: of each topic. */
  constructor(marks: readonly EventTimeMark[], partitions: ReadonlyMap<string, number>) {
    this.#reached = new Map(marks.map(({ topic, partition, subject, reached }) => [`${topic}/${partition}/${subject}`, reached]));
    this.#partitions = partitions;
  }

  /** The least over the topic's partitions; null while one of them is not known. */
  reached(topic: string, subject = ''): number | null {
    const partitions = this.#partitions.get(topic) ?? 0;
    if (partitions === 0) return null;
    const times = Array.from({ length: partitions }, (_, partition) => this.#reached.get(`${topic}/${partition}/${subject}`));
    return leastKnown(times.map((time) => time ?? null));
  }
}

/** Null while one of them is not known, and of none. */
export function leastKnown(times: readonly (number | null)[]): number | null {
  const [first, ...others] = times;
  if (first === undefined) return null;
  return others.reduce<number | null>((least, time) => (least === null || time === null ? null : Math.min(least, time)), first);
}

export async function readEventTimes(db: Queryable): Promise<EventTimeMark[]> {
  return db.query<EventTimeMark>('SELECT topic, partition, subject, reached FROM experiments.event_times');
}
