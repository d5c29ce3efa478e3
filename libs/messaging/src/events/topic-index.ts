import type { Queryable } from '@roofshot/storage/sql';
import { oneAtATime } from '../one-at-a-time.ts';
import type { LogBounds, TopicPartition } from './bus.ts';
import { boundsIn, unknownTopic, type IndexedTopic, type LogIndex } from './log-index.ts';

/** `id` too differs after the topic was deleted and made again. */
export interface PostgresTopic extends IndexedTopic {
  readonly id: number;
}

interface Row {
  readonly topic_id: number;
  readonly name: string;
  readonly uuid: string;
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

// json_agg, because arrays of int8 would arrive as text.
const READ_INDEX = `
  SELECT t.topic_id, t.name, t.uuid,
    json_agg(p.start_offset ORDER BY p.partition) AS starts, json_agg(p.next_offset ORDER BY p.partition) AS ends
  FROM messaging.topics t JOIN messaging.partitions p USING (topic_id)
  GROUP BY t.topic_id`;

/** All topics and the bounds of their partitions, read in one query: what is there, and who lags. */
export class TopicIndex implements LogIndex {
  readonly #sql: Queryable;
  #byName: ReadonlyMap<string, PostgresTopic> = new Map();

  constructor(sql: Queryable) {
    this.#sql = sql;
  }

  /** Reads the index; the answer was begun after the call. */
  readonly refresh = oneAtATime(async (): Promise<void> => {
    const rows = await this.#sql.query<Row>(READ_INDEX);
    this.#byName = new Map(rows.map((row) => [row.name, topicOf(row)]));
  });

  get topics(): Iterable<PostgresTopic> {
    return this.#byName.values();
  }

  find(name: string): PostgresTopic | undefined {
    return this.#byName.get(name);
  }

  /** Looks again for what it does not know yet. */
  async lookUp(names: Iterable<string>): Promise<void> {
    for (const name of names) {
      if (this.#byName.has(name)) continue;
      await this.refresh();
      return;
    }
  }

  require(name: string): PostgresTopic {
    const topic = this.find(name);
    if (topic !== undefined) return topic;
    throw unknownTopic(name);
  }

  /** As of the last refresh; undefined when there is no such topic or partition. */
  boundsOf(partition: TopicPartition): LogBounds | undefined {
    return boundsIn(this.find(partition.topic), partition.partition);
  }
}

function topicOf(row: Row): PostgresTopic {
  const bounds = row.starts.map((start, partition) => ({ start, end: row.ends[partition] ?? start }));
  return { id: row.topic_id, name: row.name, uuid: row.uuid, bounds };
}
