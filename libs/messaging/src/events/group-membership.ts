import { randomUUID } from 'node:crypto';
import type { Queryable } from '@roofshot/storage/sql';
import { oneAtATime } from '../one-at-a-time.ts';
import { murmur2 } from './partition-of-key.ts';
import type { TopicPartition } from './bus.ts';
import type { Presence } from './presence.ts';

/** Exact names, or all topics that begin with a prefix. */
export type Subscription = readonly string[] | { readonly prefix: string };

interface Member {
  readonly member: string;
  readonly topics: readonly string[];
  readonly prefix: string | null;
}

/** A killed member is missed at the next beat; one that hangs or is cut off after `EXPIRY_MS` + `BEAT_MS` at the latest. */
export const BEAT_MS = 2_000;
const EXPIRY_MS = 7_000;

const BEAT = `
  WITH beat AS (
    INSERT INTO messaging.members (group_name, member, topics, prefix, seen_at, pid, backend_started_at)
    VALUES ($1, $2, $3, $4, clock_timestamp(), $6, $7)
    ON CONFLICT (group_name, member) DO UPDATE
      SET seen_at = excluded.seen_at, pid = excluded.pid, backend_started_at = excluded.backend_started_at
  )
  SELECT member, topics, prefix FROM messaging.members m
  WHERE group_name = $1 AND member <> $2 AND seen_at > clock_timestamp() - make_interval(secs => $5 / 1000.0)
    AND EXISTS (SELECT 1 FROM pg_stat_activity a WHERE a.pid = m.pid AND a.backend_start::text = m.backend_started_at)`;

/**
 * Who of a group reads which partition. All members compute the same answer from the same rows, by PostgreSQL's clock, without a
 * leader. They may disagree for a moment: the fence on the reader's position decides then.
 */
export class GroupMembership {
  readonly #sql: Queryable;
  readonly #presence: Presence;
  readonly #group: string;
  readonly #self: Member;
  #others: readonly Member[] = [];
  #left = false;

  constructor(sql: Queryable, presence: Presence, group: string, subscription: Subscription) {
    this.#sql = sql;
    this.#presence = presence;
    this.#group = group;
    const names = 'prefix' in subscription ? [] : subscription;
    this.#self = { member: randomUUID(), topics: names, prefix: 'prefix' in subscription ? subscription.prefix : null };
  }

  /** Says that this member lives, and learns who else does. */
  readonly beat = oneAtATime(async (): Promise<void> => {
    if (this.#left) return;
    const { member, topics, prefix } = this.#self;
    const { pid, startedAt } = await this.#presence.backend();
    this.#others = await this.#sql.query<Member>(BEAT, [this.#group, member, topics, prefix, EXPIRY_MS, pid, startedAt]);
  });

  /** Others take over at once. */
  async leave(): Promise<void> {
    this.#left = true;
    await this.beat(); // one that is under way would enter this member again
    await this.#sql.query('DELETE FROM messaging.members WHERE group_name = $1 AND member = $2', [this.#group, this.#self.member]);
  }

  owns(partition: TopicPartition): boolean {
    return ownerOf(partition, [this.#self, ...this.#others])?.member === this.#self.member;
  }
}

/** The partitions of a topic go round the members that subscribe to it, sorted; each topic begins with another one. */
export function ownerOf({ topic, partition }: TopicPartition, members: readonly Member[]): Member | undefined {
  const eligible = members.filter((member) => covers(member, topic)).sort((a, b) => (a.member < b.member ? -1 : 1));
  const first = murmur2(Buffer.from(topic)) & 0x7fffffff;
  return eligible[(first + partition) % eligible.length];
}

function covers({ topics, prefix }: Member, topic: string): boolean {
  return topics.includes(topic) || (prefix !== null && topic.startsWith(prefix));
}
