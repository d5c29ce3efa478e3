import type { Position } from '@roofshot/contracts/envelope';
import type { Queryable } from '@roofshot/storage/sql';
import type { OutgoingRecord } from './bus.ts';
import { partitionOfKey } from './partition-of-key.ts';
import { refuseUnstorable } from './storable.ts';
import type { PostgresTopic, TopicIndex } from './topic-index.ts';

/** A record whose place is decided but for the offset. */
interface Placed {
  readonly topic: PostgresTopic;
  readonly partition: number;
  readonly record: OutgoingRecord;
  /** Its index among the caller's records. */
  readonly index: number;
}

/** Decides each record's partition. Throws, naming the record, for an unknown topic, partition or what PostgreSQL cannot store. */
export function placeRecords(records: readonly OutgoingRecord[], topics: TopicIndex): Placed[] {
  return records.map((record, index) => {
    const topic = topics.require(record.topic);
    const partition = record.partition ?? partitionOfKey(record.key, topic.bounds.length);
    refuseUnstorable(record, topic.bounds.length);
    return { topic, partition, record, index };
  });
}

/** Appends in one statement and answers the positions in the order of the records. */
export async function appendRecords(sql: Queryable, placed: readonly Placed[]): Promise<Position[]> {
  const groups = groupByPartition(placed);
  const rows = groups.flat();
  const slots = groups.flatMap((group, slot) => group.map(() => slot + 1));
  const ranks = groups.flatMap((group) => group.map((_, rank) => rank));
  const [answer] = await sql.query<{ firsts: readonly string[] }>(
    'SELECT messaging.append_records($1, $2, $3, $4, $5, $6, $7, $8) AS firsts',
    [
      groups.map((group) => group[0]?.topic.id),
      groups.map((group) => group[0]?.partition),
      groups.map((group) => group.length),
      slots,
      ranks,
      rows.map(({ record }) => record.key),
      rows.map(({ record }) => JSON.stringify(record.headers)),
      rows.map(({ record }) => record.value),
    ],
  );
  const positions: Position[] = [];
  groups.forEach((group, slot) => {
    const first = Number(answer?.firsts[slot]);
    group.forEach(({ topic, partition, index }, rank) => (positions[index] = { topic: topic.name, partition, offset: first + rank }));
  });
  return positions;
}

/** In one order for all writers, so that their locks cannot wait for each other in a circle; within a partition as they were given. */
function groupByPartition(placed: readonly Placed[]): Placed[][] {
  const groups = new Map<string, Placed[]>();
  for (const one of placed) {
    const key = `${one.topic.id}/${one.partition}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return [...groups.values()].sort(byPartition);
}

function byPartition([a]: Placed[], [b]: Placed[]): number {
  if (a === undefined || b === undefined) return 0;
  return a.topic.id - b.topic.id || a.partition - b.partition;
}
