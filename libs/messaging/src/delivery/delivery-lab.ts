import { defineCommand, defineEvent, defineTopic, type EventDefinition, type TopicDefinition } from '@roofshot/contracts/define';
import { SOURCE_PROGRESSED, type CloudEvent } from '@roofshot/contracts/envelope';
import { deliveryMigrations } from '@roofshot/storage/delivery-migrations';
import { migrate } from '@roofshot/storage/migrate';
import { Type } from 'typebox';
import { encodeEvent } from '../cloud-event-codec.ts';
import { PostgresQueue } from '../commands/postgres-queue.ts';
import type { CommandQueue } from '../commands/queue.ts';
import type { EventBus, OutgoingRecord } from '../events/bus.ts';
import { freshTopic, silent, specOf, type BusLab } from '../events/log-lab.ts';
import type { EventBatch, Handler, Received, Tx } from '../handlers.ts';
import { createTransactions, type Transactions } from '../transactions.ts';
import type { DeliverySetup } from './delivery-setup.ts';
import { ServiceConsumption } from './service-consumption.ts';

export const Added = defineEvent('amount.added', Type.Object({ unit: Type.String(), n: Type.Integer() }));
export const Noted = defineEvent('amount.noted', Type.Object({ unit: Type.String(), n: Type.Integer() }));
export const Count = defineCommand('amount.count', {
  owner: 'sums',
  schema: Type.Object({ id: Type.String(), n: Type.Integer() }),
  id: (data) => data.id,
  description: 'Counts an amount.',
});

export type Amounts = TopicDefinition<string, readonly [typeof Added]>;
type Notes = TopicDefinition<string, readonly [typeof Noted]>;

/** A domain error of a service, as delivery sees it. */
export class DomainError extends Error {
  override readonly name = 'DomainError';
}

/** A service that sums amounts by unit in its own schema, in as many processes as a test starts. */
export class DeliveryLab {
  readonly #lab: BusLab;
  readonly #running: ServiceConsumption[] = [];
  readonly #queue: CommandQueue;
  readonly bus: EventBus;
  readonly transactions: Transactions;

  private constructor(lab: BusLab, bus: EventBus, queue: CommandQueue) {
    this.#lab = lab;
    this.bus = bus;
    this.#queue = queue;
    this.transactions = createTransactions(lab.sql, bus, queue, { service: 'sums', clock: Date.now });
  }

  static async start(lab: BusLab): Promise<DeliveryLab> {
    await migrate(lab.sql, 'sums', deliveryMigrations);
    await lab.sql.query(
      `CREATE TABLE sums.totals (topic text, unit text, total bigint NOT NULL, PRIMARY KEY (topic, unit));
       CREATE TABLE sums.seen (id bigserial PRIMARY KEY, topic text NOT NULL, unit text NOT NULL, n bigint NOT NULL)`,
    );
    const queue = await PostgresQueue.open(lab.sql, { log: silent });
    await queue.ensureQueues([Count.queue]);
    return new DeliveryLab(lab, await lab.open(), queue);
  }

  get sql(): BusLab['sql'] {
    return this.#lab.sql;
  }

  get queue(): CommandQueue {
    return this.#queue;
  }

  setup(bus: EventBus = this.bus): DeliverySetup {
    return { service: 'sums', schema: 'sums', sql: this.#lab.sql, bus, queue: this.#queue, log: silent, clock: Date.now };
  }

  /** Another process of the service. */
  async process(handlers: readonly Handler[]): Promise<ServiceConsumption> {
    const consumption = new ServiceConsumption(this.setup(await this.#lab.open()), handlers);
    this.#running.push(consumption);
    await consumption.start();
    return consumption;
  }

  async newTopic<E extends EventDefinition = typeof Added>(event?: E): Promise<TopicDefinition<string, readonly [E]>> {
    const name = freshTopic('amounts');
    await this.bus.ensureTopics([specOf(name)]);
    return defineTopic(name, {
      events: [(event ?? Added) as E] as const,
      key: (said) => (said.data as { unit: string }).unit,
      owner: 'tests',
      retentionDays: 'forever',
      description: 'Amounts by unit.',
    });
  }

  /** Says amounts in one transaction, in order. */
  async add(topic: Amounts, amounts: readonly (readonly [unit: string, n: number])[]): Promise<void> {
    await this.transactions.run((tx) => {
      tx.publish(
        topic,
        amounts.map(([unit, n]) => ({ type: 'amount.added' as const, data: { unit, n } })),
      );
      return Promise.resolve();
    });
  }

  /** A fold that adds up, and remembers what it saw in which order. */
  readonly fold = async (batch: EventBatch, tx: Tx): Promise<void> => {
    const amounts = batch.events.map((event) => event.data as { unit: string; n: number });
    await tx.query(
      `INSERT INTO sums.totals SELECT $1, unit, sum(n) FROM unnest($2::text[], $3::bigint[]) AS a(unit, n) GROUP BY unit ORDER BY unit
       ON CONFLICT (topic, unit) DO UPDATE SET total = sums.totals.total + excluded.total`,
      [batch.topic, amounts.map(({ unit }) => unit), amounts.map(({ n }) => n)],
    );
    await tx.query(
      `INSERT INTO sums.seen (topic, unit, n) SELECT $1, unit, n FROM unnest($2::text[], $3::bigint[]) WITH ORDINALITY AS a(unit, n, rank) ORDER BY rank`,
      [batch.topic, amounts.map(({ unit }) => unit), amounts.map(({ n }) => n)],
    );
  };

  /** The same, for one event. */
  async foldOne(event: Received<CloudEvent<string, unknown>>, tx: Tx): Promise<void> {
    const { topic, partition, offset } = event.position;
    await this.fold({ topic, partition, events: [event], progress: undefined, start: offset, end: offset + 1 }, tx);
  }

  async totals(topic: Amounts | Notes): Promise<Record<string, number>> {
    const rows = await this.sql.query<{ unit: string; total: number }>(
      'SELECT unit, total FROM sums.totals WHERE topic = $1 ORDER BY unit',
      [topic.name],
    );
    return Object.fromEntries(rows.map(({ unit, total }) => [unit, total]));
  }

  /** The amounts of a unit in the order in which they were folded. */
  async seen(topic: Amounts, unit: string): Promise<number[]> {
    const rows = await this.sql.query<{ n: number }>('SELECT n FROM sums.seen WHERE topic = $1 AND unit = $2 ORDER BY id', [
      topic.name,
      unit,
    ]);
    return rows.map(({ n }) => n);
  }

  /** Everything on a topic. */
  async records(topic: Amounts | Notes): Promise<Awaited<ReturnType<EventBus['readFrom']>>> {
    const parts = await Promise.all((await this.bus.bounds(topic.name)).map((bounds) => this.bus.readFrom(bounds, bounds.start, 100_000)));
    return parts.flat();
  }

  async stop(consumption: ServiceConsumption): Promise<void> {
    this.#running.splice(this.#running.indexOf(consumption), 1);
    await consumption.stop();
  }

  async close(): Promise<void> {
    await Promise.all(this.#running.map((consumption) => consumption.stop()));
    await this.#queue.close();
    await this.#lab.close();
  }
}

/** An event as ingestion would append it, whatever its data. */
export function rawEvent(topic: string, key: string, data: unknown, type: string = Added.type): OutgoingRecord {
  const time = '2001-01-01T00:00:00.000Z';
  return encodeEvent(
    { topic, key },
    { specversion: '1.0', id: `${key}-${Math.random()}`, source: '/test', type, time, knowntime: time, data },
  );
}

/** A control record for one partition. */
export function progressRecord(topic: string, partition: number, eventTime: string): OutgoingRecord {
  return { ...rawEvent(topic, '', { eventTime, source: '/test' }, SOURCE_PROGRESSED), partition };
}
