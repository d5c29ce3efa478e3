/**
 * The event types in force, in memory; read again when a declaration changes (here: before its answer; elsewhere: when the log says so)
 * and when an event names a type that nobody knows, so that an event that follows its declaration is never refused for it.
 */
import { topicOf } from '@roofshot/contracts/events';
import type { EventBus, OutgoingRecord, Oversize, TopicPartition } from '@roofshot/messaging/events';
import type { Sql } from '@roofshot/storage/sql';
import { Catalogue, type Declaration } from './catalogue.ts';

export class EventTypes {
  readonly #sql: Sql;
  readonly #bus: EventBus;
  #catalogue: Catalogue | undefined;
  readonly #partitions = new Map<string, readonly TopicPartition[]>();

  constructor(sql: Sql, bus: EventBus) {
    this.#sql = sql;
    this.#bus = bus;
  }

  async current(): Promise<Catalogue> {
    return this.#catalogue ?? this.reload();
  }

  async reload(): Promise<Catalogue> {
    const rows = await this.#sql.query<Declaration>(
      `SELECT name, generation::int AS generation, spec FROM ingestion.resources WHERE kind = 'EventType' AND NOT deleted`,
    );
    // Two reloads at once may end in either order; generations only rise, so the newer one wins.
    const before = this.#catalogue ?? Catalogue.empty;
    this.#catalogue = before.isNewerThan(rows) ? before : Catalogue.of(rows, before);
    return this.#catalogue;
  }

  /** Every partition of every stream whose events carry their own known time. */
  async importerPartitions(): Promise<readonly TopicPartition[]> {
    const topics = (await this.current()).importers().map(({ name }) => topicOf(name));
    return (await Promise.all(topics.map((topic) => this.partitionsOf(topic)))).flat();
  }

  /** For each record, what is too large in it for its stream. */
  oversizeOf(records: readonly OutgoingRecord[]): Promise<(Oversize | undefined)[]> {
    return this.#bus.oversizeOf(records);
  }

  /** Asked once, since their number never changes; none where the stream does not exist yet. */
  async partitionsOf(topic: string): Promise<readonly TopicPartition[]> {
    const known = this.#partitions.get(topic);
    if (known !== undefined) return known;
    const found = (await this.#bus.bounds(topic)).map(({ partition }) => ({ topic, partition }));
    if (found.length > 0) this.#partitions.set(topic, found);
    return found;
  }
}
