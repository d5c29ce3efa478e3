import { schemaName } from './schema-name.ts';
import type { Queryable } from './sql.ts';

/** A task: one partition of one topic, read by one consumer group. */
export interface Task {
  group: string;
  topic: string;
  partition: number;
}

export interface Checkpoint extends Task {
  /** The identity of the topic that the offset counts in: a topic that was deleted and made again has another. */
  topicId: string;
  /** Counts the claims: whoever holds an older epoch is fenced. */
  epoch: number;
  /** The first offset that has not been handled. */
  nextOffset: number;
  /** The event time up to which the task is known to be complete. */
  progress: Date | undefined;
  updatedAt: Date;
}

export interface Advance extends Task {
  epoch: number;
  /** The position held, which the batch began at. */
  start: number;
  /** The new position: the offset after the batch's last. */
  end: number;
  /** Moves the progress forward; an earlier time leaves it where it is. */
  progress?: Date | undefined;
  /** Everything of this transaction is done again when its commit is lost in a crash of the database: the commit does not wait for the disk. */
  isRepeatable?: boolean;
}

/** Another member has claimed the task since. Drop the batch and everything held in memory for the task; then claim again. */
export class Fenced extends Error {
  override readonly name = 'Fenced';

  constructor(readonly task: Advance) {
    super(
      `Another member has taken over ${task.topic}/${task.partition} of group ${task.group}: the claim of epoch ${task.epoch} at offset ${task.start} ` +
        'no longer holds, so the batch was dropped. It is read again after the next claim.',
    );
  }
}

/** The stored offset counts in a topic that no longer exists. */
export class TopicReplaced extends Error {
  override readonly name = 'TopicReplaced';

  constructor(task: Task, stored: string, found: string) {
    super(
      `The topic ${task.topic} was deleted and made again (it was ${stored} and is ${found}), so the position of group ${task.group} in partition ${task.partition} ` +
        'means nothing any more. Decide where to go on, and reset the position.',
    );
  }
}

const COLUMNS = `consumer_group AS "group", topic, partition, topic_id AS "topicId", epoch, next_offset AS "nextOffset", progress, updated_at AS "updatedAt"`;

type Row = Omit<Checkpoint, 'progress'> & { progress: Date | null };

/**
 * The positions of consumer groups, kept in the same database as the state that they belong to. State, messages and position are
 * written in one transaction, so a batch counts exactly once however often it is delivered.
 */
export class Checkpoints {
  readonly #table: string;

  /** `schema`: the service's own. */
  constructor(schema: string) {
    this.#table = `${schemaName(schema)}.checkpoints`;
  }

  /**
   * Takes a task over: raises its epoch, which fences whoever had it, and answers where to read on. A task that was never claimed
   * begins at `initial`. Throws `TopicReplaced` when the stored position counts in another topic of this name.
   */
  async claim(tx: Queryable, task: Task, topicId: string, initial: number): Promise<Checkpoint> {
    const [row] = await tx.query<Row>(
      `INSERT INTO ${this.#table} AS c VALUES ($1, $2, $3, $4, 1, $5, NULL, now())
       ON CONFLICT (consumer_group, topic, partition) DO UPDATE SET epoch = c.epoch + 1, updated_at = now()
       RETURNING ${COLUMNS}`,
      [task.group, task.topic, task.partition, topicId, initial],
    );
    const checkpoint = toCheckpoint(row);
    if (checkpoint.topicId !== topicId) throw new TopicReplaced(task, checkpoint.topicId, topicId);
    return checkpoint;
  }

  /** Moves the position from `start` to `end`, or throws `Fenced`: then the whole transaction must be rolled back. */
  async advance(tx: Queryable, move: Advance): Promise<void> {
    const moved = await tx.query(
      `UPDATE ${this.#table} SET next_offset = $6, progress = GREATEST(progress, $7::timestamptz), updated_at = now()
       WHERE consumer_group = $1 AND topic = $2 AND partition = $3 AND epoch = $4 AND next_offset = $5
         AND CASE WHEN $8 THEN set_config('synchronous_commit', 'off', true) = 'off' ELSE true END RETURNING 1`,
      [move.group, move.topic, move.partition, move.epoch, move.start, move.end, move.progress ?? null, move.isRepeatable ?? false],
    );
    if (moved.length === 0) throw new Fenced(move);
  }

  /** All tasks of a group, sorted by topic and partition. */
  async positions(sql: Queryable, group: string): Promise<Checkpoint[]> {
    const rows = await sql.query<Row>(`SELECT ${COLUMNS} FROM ${this.#table} WHERE consumer_group = $1 ORDER BY topic, partition`, [group]);
    return rows.map(toCheckpoint);
  }

  /** Sets a position by a person's decision (after `TopicReplaced`, or for a replay). Fences whoever holds the task; forgets its progress. */
  async reset(tx: Queryable, task: Task, topicId: string, nextOffset: number): Promise<Checkpoint> {
    const [row] = await tx.query<Row>(
      `INSERT INTO ${this.#table} AS c VALUES ($1, $2, $3, $4, 1, $5, NULL, now())
       ON CONFLICT (consumer_group, topic, partition) DO UPDATE
       SET topic_id = excluded.topic_id, next_offset = excluded.next_offset, progress = NULL, epoch = c.epoch + 1, updated_at = now()
       RETURNING ${COLUMNS}`,
      [task.group, task.topic, task.partition, topicId, nextOffset],
    );
    return toCheckpoint(row);
  }
}

function toCheckpoint(row: Row | undefined): Checkpoint {
  if (row === undefined)
    throw new Error('PostgreSQL answered no row to INSERT … RETURNING: look for a trigger or rule on the checkpoints table.');
  return { ...row, progress: row.progress ?? undefined };
}
