/** The examples against Kafka: killed in the middle, started again, and still each event counts once. */
import kafkajs from 'kafkajs';
import { ingestion } from '@roofshot/ingestion/service';
import { openEventBus } from '@roofshot/messaging/open-event-bus';
import type { EventBus } from '@roofshot/messaging/events';
import { run, type Running } from '@roofshot/runtime/run';
import { log } from '@roofshot/telemetry/logger';
import { eventually } from '@roofshot/testing/eventually';
import { testDatabase, type TestDatabase } from '@roofshot/testing/postgres';
import { startServer } from '@roofshot/testing/start-server';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import { ExampleConsumer, type Counted } from './example-consumers.ts';

const TOPIC = 'events.order.placed';
const PARTITIONS = 3;
const HALF = 300;
/** Of an event that no consumer can handle, and that lies in the way of all that come after it in its partition. */
const POISON = 150;

let folder: TempDir;
let database: TestDatabase;
let kafka: Awaited<ReturnType<typeof startServer>>;
let bus: EventBus;
let service: Running;
let consumers: ExampleConsumer[];

beforeAll(async () => {
  folder = await tempDir('consumers');
  database = await testDatabase();
  kafka = await startServer('kafka', { folder: `${folder.path}/kafka` });
  const eventsUrl = `${kafka.url}?partitions=${PARTITIONS}`;
  const env = { SQL_URL: database.url, EVENTS_URL: eventsUrl, DATA_DIR: `${folder.path}/data`, LOG_LEVEL: 'fatal', INGESTION_PORT: '0' };
  service = await run([ingestion], { env });
  bus = await openEventBus(eventsUrl, { sql: database.sql, sqlUrl: database.url, log });
  consumers = await ExampleConsumer.all(folder.path, { brokers: kafka.url.slice('kafka://'.length), topic: TOPIC, partitions: PARTITIONS });
  const spec = { schema: { type: 'object', required: ['amount'] } };
  await send('/v1/event-types/order.placed', 'PUT', {
    apiVersion: 'roofshot/v1',
    kind: 'EventType',
    metadata: { name: 'order.placed' },
    spec,
  });
}, 600_000);
afterAll(async () => {
  await Promise.all(consumers.map((consumer) => consumer.kill9()));
  await bus.close();
  await service.stop();
  await kafka.remove();
  await database.drop();
  await folder.remove();
}, 60_000);

async function send(path: string, method: string, body: unknown, type = 'application/json'): Promise<void> {
  const url = service.urls['ingestion'] ?? '';
  const answer = await fetch(url + path, { method, body: JSON.stringify(body), headers: { 'content-type': type } });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
}

/** Orders by their numbers; every amount is another power or sum, so that one too many and one too few cannot make up for each other. */
const order = (number: number): object => ({
  specversion: '1.0',
  id: `order "${number}"`,
  source: '/shop',
  type: 'order.placed',
  subject: `customer ${number % 17}`,
  data: { amount: number === POISON ? 'free' : number + 1, note: 'tab\tand line\nend, ключ' },
});

const place = (from: number, to: number): Promise<void> =>
  send(
    '/v1/events',
    'POST',
    Array.from({ length: to - from }, (_, index) => order(from + index)),
    'application/cloudevents-batch+json',
  );

/** Appends records a second time, as a broker does when its answer was lost. */
async function repeatSome(): Promise<void> {
  const [bounds] = await bus.bounds(TOPIC);
  if (bounds === undefined) throw new Error('the topic has no partition');
  const records = await bus.readFrom(bounds, bounds.start, 20);
  await bus.publish(records.map(({ topic, key, headers, value }) => ({ topic, key, headers, value })));
}

/** Somebody with a client of their own wrote these, against all rules. */
async function writeForeign(): Promise<void> {
  const attributes = { ce_specversion: '1.0', ce_type: 'order.placed', ce_source: '/shop', ce_id: 'broken' };
  await bus.publish([
    { topic: TOPIC, key: 'x', headers: {}, value: 'no event' },
    { topic: TOPIC, key: 'x', headers: attributes, value: '{"amount":' },
  ]);
}

const expected: Counted = { orders: 2 * HALF - 1, amount: (2 * HALF * (2 * HALF + 1)) / 2 - (POISON + 1), aside: 3 };

async function counts(): Promise<Record<string, unknown>> {
  const all = await Promise.all(consumers.map(async (one) => [one.name, await one.counted().catch((error: Error) => error.message)]));
  return Object.fromEntries(all) as Record<string, unknown>;
}

const said = async (): Promise<string> => (await Promise.all(consumers.map(async (one) => `${one.name}: ${await one.said()}`))).join('\n');

async function untilAll(check: (counted: Counted) => boolean): Promise<void> {
  try {
    await eventually(async () => (await Promise.all(consumers.map((one) => one.counted()))).every(check), { deadlineMs: 90_000 });
  } catch (error) {
    throw new Error(`${JSON.stringify(await counts())}\n${await said()}`, { cause: error });
  }
}

test('each event counts once for every example, though all are killed in the middle and records come twice', async () => {
  await place(0, HALF);
  await Promise.all(consumers.map((consumer) => consumer.start()));
  await untilAll(({ orders }) => orders > 0);
  const sent = place(HALF, HALF + HALF / 2);
  await Promise.all(consumers.map((consumer) => consumer.kill9()));
  await sent;
  await repeatSome();
  await writeForeign();
  await place(HALF + HALF / 2, 2 * HALF);
  await Promise.all(consumers.map((consumer) => consumer.start()));
  await untilAll(({ orders, aside }) => orders >= expected.orders && aside >= expected.aside);
  expect(await counts()).toEqual({ kafkajs: expected, nestjs: expected, python: expected, kcat: expected });
}, 240_000);

test('each example ends in order on SIGTERM, with its position behind the last event', async () => {
  const lastEvents = await Promise.all(
    (await bus.bounds(TOPIC)).map(async (part) => {
      const records = await bus.readFrom(part, part.start, 10_000);
      return records.findLast(({ headers }) => headers['ce_type'] === 'order.placed')?.offset ?? -1;
    }),
  );
  await Promise.all(consumers.map((consumer) => consumer.stop()));
  const admin = new kafkajs.Kafka({ brokers: [kafka.url.slice('kafka://'.length)], logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    for (const groupId of ['kafkajs', 'nestjs', 'python']) {
      const [{ partitions = [] } = {}] = await admin.fetchOffsets({ groupId, topics: [TOPIC] });
      for (const { partition, offset } of partitions) expect(Number(offset)).toBeGreaterThan(lastEvents[partition] ?? Infinity);
      expect(partitions).toHaveLength(PARTITIONS);
    }
  } finally {
    await admin.disconnect();
  }
  expect(await counts()).toEqual({ kafkajs: expected, nestjs: expected, python: expected, kcat: expected });
}, 60_000);
