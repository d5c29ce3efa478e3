/** The event log on a real Kafka, against the bare client in the same run. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { Kafka, logLevel } from 'kafkajs';
import { defineEvent, defineTopic } from '@roofshot/contracts/define';
import { encodeEvent } from '@roofshot/messaging/cloud-event-codec';
import type { EventBus, OutgoingRecord } from '@roofshot/messaging/events';
import { onBatch } from '@roofshot/messaging/handlers';
import { openCommandQueue } from '@roofshot/messaging/open-command-queue';
import { openEventBus } from '@roofshot/messaging/open-event-bus';
import { EventsServer } from '@roofshot/messaging/nest/events-server';
import { deliveryMigrations } from '@roofshot/storage/delivery-migrations';
import { migrate } from '@roofshot/storage/migrate';
import { createLogger } from '@roofshot/telemetry/logger';
import { testDatabase } from '@roofshot/testing/postgres';
import { startServer } from '@roofshot/testing/start-server';
import { Type } from 'typebox';
import { atLeast, atMost, round, type Row } from './rows.ts';

const PRODUCED = 60_000;
const CONSUMED = 300_000;
const BATCH = 100;
const CALLERS = 8;
const ROUNDS = 3;

const Measured = defineEvent(
  'value.measured',
  Type.Object({ unit: Type.String(), value: Type.Number(), at: Type.String(), note: Type.String() }),
);
const say = (text: string): void => void process.stderr.write(`${text}\n`);
const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** Each pair is measured in turns, so that whatever else the machine does meets both; the medians are compared. */
export async function benchKafka(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'roofshot-bench-kafka-'));
  const [server, services] = [await startServer('kafka', { folder }), await testDatabase()];
  const log = createLogger({ level: 'silent', write: () => undefined });
  const surroundings = { sql: services.sql, sqlUrl: services.url, log };
  const bus = await openEventBus(`${server.url}?partitions=3`, surroundings);
  const queue = await openCommandQueue(services.url, surroundings);
  const bare = new Kafka({ brokers: [new URL(server.url).host], logLevel: logLevel.NOTHING });
  try {
    const produce = await inTurns('Producing', { ours: () => produceByPort(bus), bare: () => produceBare(bus, bare) });
    await migrate(services.sql, 'bench', deliveryMigrations);
    const topic = await filledTopic(bus, CONSUMED);
    const setup = { schema: 'bench', sql: services.sql, bus, queue, log, clock: Date.now };
    const consume = await inTurns('Consuming', {
      ours: () => consumeByPort({ ...setup, service: `bench-${randomUUID()}` }, topic),
      bare: () => consumeBare(bare, topic),
    });
    const recovery = await recover(server, bus);
    return [
      {
        key: 'produce_ratio_to_bare_kafkajs',
        value: round(produce.ours / produce.bare),
        unit: 'ratio',
        bar: atLeast(0.8, `batches of ${BATCH}, ${CALLERS} callers`),
      },
      { key: 'consume_ratio_to_bare_kafkajs', value: round(consume.ours / consume.bare), unit: 'ratio', bar: atLeast(0.45) },
      { key: 'consume_per_s', value: round(consume.ours), unit: 'events/s', bar: atLeast(50_000) },
      { key: 'recovery_seconds_after_broker_kill', value: round(recovery), unit: 's', bar: atMost(20, 'the broker’s own start is in it') },
    ];
  } finally {
    await Promise.all([bus.close(), queue.close()]);
    await server.stop();
    await services.drop();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Pair {
  readonly ours: number;
  readonly bare: number;
}

/** Records a second. */
async function inTurns(
  what: string,
  { ours, bare }: { readonly ours: () => Promise<number>; readonly bare: () => Promise<number> },
): Promise<Pair> {
  const rates: Pair[] = [];
  for (const round of count(ROUNDS + 1)) {
    const pair = round % 2 === 0 ? { ours: await ours(), bare: await bare() } : { bare: await bare(), ours: await ours() };
    say(`${what}: ${Math.round(pair.ours)} records/s, bare ${Math.round(pair.bare)}${round === 0 ? ' (warming up)' : ''}`);
    if (round > 0) rates.push(pair);
  }
  const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
  return { ours: median(rates.map((pair) => pair.ours)), bare: median(rates.map((pair) => pair.bare)) };
}

function recordsOf(topic: string, from: number, n: number): OutgoingRecord[] {
  const time = '2001-01-01T00:00:00.000Z';
  return count(n).map((i) => {
    const unit = `unit-${(from + i) % 1_000}`;
    const data = {
      unit,
      value: from + i,
      at: time,
      note: 'a reading as a sensor would send it, with some words to make it as long as events are',
    };
    return encodeEvent(
      { topic, key: unit },
      { specversion: '1.0', id: `${from + i}`, source: '/bench', type: Measured.type, time, knowntime: time, data },
    );
  });
}

async function newTopic(bus: EventBus): Promise<string> {
  const name = `bench-${randomUUID()}`;
  await bus.ensureTopics([{ name, retentionMs: null, compacted: false }]);
  return name;
}

async function filledTopic(bus: EventBus, n: number): Promise<string> {
  const topic = await newTopic(bus);
  for (let from = 0; from < n; from += 10_000) await bus.publish(recordsOf(topic, from, 10_000));
  return topic;
}

/** `CALLERS` at once, each waiting for the acknowledgement of its batch before it sends the next. */
async function produceWith(topic: string, send: (records: readonly OutgoingRecord[]) => Promise<unknown>): Promise<number> {
  const batches = count(PRODUCED / BATCH).map((n) => recordsOf(topic, n * BATCH, BATCH));
  const began = performance.now();
  const caller = async (): Promise<void> => {
    for (let batch = batches.pop(); batch !== undefined; batch = batches.pop()) await send(batch);
  };
  await Promise.all(count(CALLERS).map(caller));
  return PRODUCED / ((performance.now() - began) / 1_000);
}

async function produceByPort(bus: EventBus): Promise<number> {
  return produceWith(await newTopic(bus), (records) => bus.publish(records));
}

async function produceBare(bus: EventBus, bare: Kafka): Promise<number> {
  const topic = await newTopic(bus);
  const producer = bare.producer();
  await producer.connect();
  try {
    return await produceWith(topic, (records) =>
      producer.send({ topic, acks: -1, messages: records.map(({ key, value, headers }) => ({ key, value, headers: { ...headers } })) }),
    );
  } finally {
    await producer.disconnect();
  }
}

/** From the first batch to the last record: joining and starting are not counted on either side. */
class Stopwatch {
  #began = 0;
  #seen = 0;
  readonly finished = Promise.withResolvers<number>();

  saw(n: number): void {
    if (this.#seen === 0) this.#began = performance.now();
    this.#seen += n;
    if (this.#seen >= CONSUMED) this.finished.resolve(CONSUMED / ((performance.now() - this.#began) / 1_000));
  }
}

async function consumeByPort(setup: ConstructorParameters<typeof EventsServer>[0], name: string): Promise<number> {
  const topic = defineTopic(name, {
    events: [Measured] as const,
    key: ({ data }) => data.unit,
    owner: 'bench',
    retentionDays: 'forever',
    description: 'Readings.',
  });
  const watch = new Stopwatch();
  const fold = onBatch(topic, ({ events }) => {
    watch.saw(events.length);
    return Promise.resolve();
  });
  const server = new EventsServer(setup, [fold]);
  await new Promise<void>((resolve, reject) => server.listen((error) => (error === undefined ? resolve() : reject(error as Error))));
  try {
    return await watch.finished.promise;
  } finally {
    await server.close();
  }
}

async function consumeBare(bare: Kafka, topic: string): Promise<number> {
  const consumer = bare.consumer({ groupId: randomUUID(), maxWaitTimeInMs: 100 });
  const watch = new Stopwatch();
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachBatch: ({ batch }) => {
      watch.saw(batch.messages.length);
      return Promise.resolve();
    },
  });
  try {
    return await watch.finished.promise;
  } finally {
    await consumer.disconnect();
  }
}

/** Seconds from the kill to the next acknowledged record. */
async function recover(server: Awaited<ReturnType<typeof startServer>>, bus: EventBus): Promise<number> {
  const topic = await newTopic(bus);
  await bus.publish(recordsOf(topic, 0, 1));
  const began = performance.now();
  await server.kill9();
  const restarted = server.restart();
  for (let acknowledged = false; !acknowledged;) {
    acknowledged = await bus.publish(recordsOf(topic, 1, 1)).then(
      () => true,
      () => false,
    );
  }
  await restarted;
  return (performance.now() - began) / 1_000;
}
