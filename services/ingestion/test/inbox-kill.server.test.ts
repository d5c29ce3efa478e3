/** Processes of ingestion that come, go and are killed while other teams write to Kafka: each event is taken once, and counted once. */
import { join } from 'node:path';
import { openEventBus } from '@roofshot/messaging/open-event-bus';
import { Repetitions } from '@roofshot/messaging/repetitions';
import type { EventBus, LogRecord } from '@roofshot/messaging/events';
import { log } from '@roofshot/telemetry/logger';
import { eventsInbox } from '@roofshot/contracts/events';
import { eventually } from '@roofshot/testing/eventually';
import { KafkaProducer } from '@roofshot/testing/kafka-producer';
import { testDatabase, type TestDatabase } from '@roofshot/testing/postgres';
import { startServer } from '@roofshot/testing/start-server';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import { eventsOf } from './ingestion-lab.ts';
import { IngestionReplica } from './ingestion-replica.ts';

const EVENTS = 12_000;
const SUBJECTS = 40;
const PARTITIONS = 4;
const PATIENCE = { deadlineMs: 120_000 };

let folder: TempDir;
let kafka: Awaited<ReturnType<typeof startServer>>;
let database: TestDatabase;
let bus: EventBus | undefined;
let team: KafkaProducer | undefined;
const replicas = new Set<IngestionReplica>();
beforeAll(async () => {
  folder = await tempDir('inbox-kill');
  [kafka, database] = await Promise.all([startServer('kafka', { folder: join(folder.path, 'kafka') }), testDatabase()]);
}, 180_000);
afterAll(async () => {
  await Promise.all([...replicas].map((replica) => replica.end('SIGKILL')));
  await team?.close();
  await bus?.close();
  await kafka.remove();
  await database.drop();
  await folder.remove();
}, 60_000);

let names = 0;
async function replica(): Promise<IngestionReplica> {
  names += 1;
  const eventsUrl = `${kafka.url}?partitions=${PARTITIONS}`;
  const one = await IngestionReplica.launch({ folder: join(folder.path, `replica-${names}`), sqlUrl: database.url, eventsUrl });
  replicas.add(one);
  return one;
}
const ready = async (one: IngestionReplica): Promise<IngestionReplica> => {
  await eventually(() => one.isReady(), PATIENCE);
  return one;
};

/** As a reader of the stream has them: what a killed relay sent again is recognised. */
async function takenFrom(bus: EventBus): Promise<LogRecord[]> {
  const parts = await Promise.all((await bus.bounds('events.order.placed')).map((part) => bus.readFrom(part, part.start, 100_000)));
  return eventsOf(parts.flatMap((records) => new Repetitions().pass(records)));
}
const counted = async (): Promise<number> => {
  const [row] = await database.sql.query<{ n: number }>(`SELECT sum(accepted) AS n FROM ingestion.ledger WHERE write_key = 'inbox'`);
  return Number(row?.n ?? 0);
};

test('under load, two processes that are killed and started again lose none, double none and keep the order of each subject', async () => {
  const first = await ready(await replica());
  const declared = await fetch(`${first.url}/v1/event-types/order.placed`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      apiVersion: 'roofshot/v1',
      kind: 'EventType',
      metadata: { name: 'order.placed' },
      spec: { schema: { type: 'object' } },
    }),
  });
  expect(declared.status).toBe(200);
  const events = (bus = await openEventBus(`${kafka.url}?partitions=${PARTITIONS}`, { sql: database.sql, sqlUrl: database.url, log }));
  const producer = (team = await KafkaProducer.connect(kafka.url));

  let written = 0;
  const writing = (async () => {
    for (; written < EVENTS; written += 200) {
      const messages = Array.from({ length: 200 }, (_, i) => {
        const n = written + i;
        const subject = `s${n % SUBJECTS}`;
        const headers = { ce_specversion: '1.0', ce_id: `k${n}`, ce_source: '/team', ce_type: 'order.placed', ce_subject: subject };
        return { partition: (n % SUBJECTS) % PARTITIONS, key: subject, headers, value: JSON.stringify({ n }) };
      });
      await producer.write(eventsInbox.name, messages);
      await eventually(async () => written - (await counted()) < 2_000, PATIENCE); // so that kills meet events on their way
    }
  })();

  const second = await ready(await replica()); // takes over half of the partitions
  await eventually(async () => (await counted()) > 1_000, PATIENCE);
  await first.end('SIGKILL');
  const third = await replica();
  await eventually(async () => (await counted()) > 4_000, PATIENCE);
  await second.end('SIGKILL');
  await ready(third);
  const fourth = await ready(await replica());
  await eventually(async () => (await counted()) > 7_000, PATIENCE);
  await third.end('SIGTERM');
  await writing;
  await eventually(async () => expect(await counted()).toBe(EVENTS), PATIENCE);
  await eventually(async () => expect((await takenFrom(events)).length).toBeGreaterThanOrEqual(EVENTS), PATIENCE);

  const records = await takenFrom(events);
  expect(new Set(records.map(({ headers }) => headers['ce_id'])).size).toBe(EVENTS);
  expect(records).toHaveLength(EVENTS);
  for (let s = 0; s < SUBJECTS; s += 1) {
    const own = records
      .filter(({ headers }) => headers['ce_subject'] === `s${s}`)
      .map(({ value }) => (JSON.parse(value) as { n: number }).n);
    expect(own).toEqual(own.toSorted((a, b) => a - b));
  }
  const [ledger] = await database.sql.query<Record<string, string>>(
    `SELECT sum(accepted) AS accepted, sum(duplicate) AS duplicate, sum(late) AS late, sum(quarantined) AS quarantined FROM ingestion.ledger`,
  );
  expect(Object.values(ledger ?? {}).map(Number)).toEqual([EVENTS, 0, 0, 0]);
  expect(await fourth.isReady()).toBe(true);
}, 400_000);
