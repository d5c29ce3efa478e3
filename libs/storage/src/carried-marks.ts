import type { Task } from './checkpoint.ts';
import { schemaName } from './schema-name.ts';
import type { Queryable } from './sql.ts';

/** How far a reader of one partition has come in what one outbox stream sends. */
export interface CarriedMark {
  readonly origin: string;
  readonly sequence: number;
  /** Of the record that carried it. */
  readonly offset: number;
}

/**
 * What a log cannot leave out when an outbox brings it a second time, its readers leave out: a stream sends in ascending sequence, so
 * a sequence at or below the mark is a repetition. One row for each stream that writes to the partition, kept with the position.
 */
export class CarriedMarks {
  readonly #table: string;

  /** `schema`: the service's own. */
  constructor(schema: string) {
    this.#table = `${schemaName(schema)}.carried_marks`;
  }

  /** Marks below a position: what was read behind it counts as not read, since the position may have been set back. */
  below(sql: Queryable, { group, topic, partition }: Task, position: number): Promise<CarriedMark[]> {
    return sql.query<CarriedMark>(
      `SELECT origin, sequence, "offset" FROM ${this.#table}
       WHERE consumer_group = $1 AND topic = $2 AND partition = $3 AND "offset" < $4`,
      [group, topic, partition, position],
    );
  }

  async move(tx: Queryable, { group, topic, partition }: Task, marks: readonly CarriedMark[]): Promise<void> {
    if (marks.length === 0) return;
    await tx.query(
      `INSERT INTO ${this.#table} SELECT $1, $2, $3, m.* FROM unnest($4::text[], $5::bigint[], $6::bigint[]) AS m
       ON CONFLICT (consumer_group, topic, partition, origin) DO UPDATE SET sequence = excluded.sequence, "offset" = excluded."offset"`,
      [
        group,
        topic,
        partition,
        marks.map(({ origin }) => origin),
        marks.map(({ sequence }) => sequence),
        marks.map(({ offset }) => offset),
      ],
    );
  }
}
