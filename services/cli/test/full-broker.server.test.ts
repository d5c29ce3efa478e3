/** A Kafka whose disk fills while the platform runs, until it gives up: what waits for it is told and has a bound, and nothing is lost or doubled. */
import { join } from 'node:path';
import { predictions } from '@roofshot/contracts/predictions';
import type { LogRecord } from '@roofshot/messaging/events';
import { openEventBus } from '@roofshot/messaging/open-event-bus';
import { readEmbeddedUrl } from '@roofshot/storage/embedded-postgres';
import { openSql } from '@roofshot/storage/open-sql';
import { createLogger } from '@roofshot/telemetry/logger';
import { eventually } from '@roofshot/testing/eventually';
import { mountSmallDisk, type SmallDisk } from '@roofshot/testing/small-disk';
import { startServer } from '@roofshot/testing/start-server';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import { postJson, startPlatform, type Platform } from './cli-lab.ts';
import { countInFeatures, Traffic } from './traffic.ts';

const DISK_MB = 96;
const MOST_WAITING = 300;
const PATIENCE = { deadlineMs: 120_000 };
const START_MS = 180_000;

let folder: TempDir;
let disk: SmallDisk | undefined;
let kafka: Awaited<ReturnType<typeof startServer>> | undefined;
let platform: Platform | undefined;
beforeAll(async () => {
  folder = await tempDir('full broker');
  disk = mountSmallDisk(join(folder.path, 'small disk'), DISK_MB);
  if (disk !== undefined) kafka = await startServer('kafka', { folder: join(disk.path, 'kafka') });
}, START_MS);
afterAll(async () => {
  disk?.free();
  await platform?.stop();
  await kafka?.remove();
  disk?.remove();
  await folder.remove();
}, START_MS);

interface Readyz {
  readonly ready: boolean;
  readonly waitsFor: readonly string[];
  readonly troubles: readonly string[];
}

test('events are taken until too many wait, then refused with a sentence; questions are answered throughout; all goes on when there is room', async () => {
  if (disk === undefined || kafka === undefined) return;
  const { fill, free } = disk;
  const broker = kafka;
  const data = join(folder.path, 'data');
  const running = (platform = await startPlatform(data, { EVENTS_URL: `${broker.url}?partitions=2&outbox=${MOST_WAITING}` }));
  await running.run('apply', '-f', 'shop');
  await eventually(() => isAnswered(running), PATIENCE);
  const traffic = new Traffic(running, 'q', 0);
  await eventually(() => traffic.taken >= 100 && traffic.answered.length >= 20, PATIENCE);
  await eventually(async () => expect(await countInFeatures(running)).toBeGreaterThan(0), PATIENCE);

  await eventually(async () => {
    fill(); // what the broker gave back meanwhile
    expect(await broker.isRunning()).toBe(false);
  }, PATIENCE);
  await eventually(() => expect(traffic.refusedEvents.length).toBeGreaterThan(5), PATIENCE);
  const address = new URL(broker.url.replace('kafka:', 'http:')).host;
  const away = new RegExp(`^Kafka at ${address} does not answer: .*\\. Start it, or see why it is away\\.$`);
  const refusal = `More than ${MOST_WAITING} messages wait in the database to be sent, and until some have left no more are taken.`;
  for (const refused of traffic.refusedEvents)
    expect(refused).toMatchObject({ status: 503, code: 'unavailable', retryAfter: '1', detail: expect.stringContaining(refusal) });

  const troubles = [expect.stringMatching(away), refusal] as string[];
  await eventually(
    async () =>
      expect(await readyz(running, 'ingestion')).toMatchObject({
        status: 503,
        body: { ready: false, waitsFor: [`room for events: ${refusal}`], troubles },
      }),
    PATIENCE,
  );
  expect(await readyz(running, 'serving')).toMatchObject({ status: 200, body: { ready: true, waitsFor: [], troubles } });
  expect((await fetch(`${running.services['features']}/healthz`)).status).toBe(200);
  const status = await running.run('status');
  expect(status.code).toBe(1);
  expect(status.out).toMatch(new RegExp(`ingestion +not ready .*room for events: .*Kafka at ${address} does not answer`));
  const before = { events: traffic.taken, answers: traffic.answered.length };
  await eventually(() => traffic.answered.length > before.answers + 20, PATIENCE);
  expect([traffic.taken, traffic.refusedQuestions]).toEqual([before.events, []]);

  free();
  await broker.restart();
  await eventually(() => traffic.taken > before.events + 100, PATIENCE);
  await traffic.end();
  await eventually(async () => expect(await countInFeatures(running)).toBe(traffic.taken), PATIENCE);
  await eventually(async () => expect((await running.run('status')).code).toBe(0), PATIENCE);
  expect(await readyz(running, 'ingestion')).toMatchObject({ status: 200, body: { ready: true, waitsFor: [], troubles: [] } });
  await fetch(new URL('/v1/predictions/progress?wait=30s', running.url));
  const { orders, answers } = await readLog(data, broker.url);
  expect(orders.size).toBe(traffic.taken);
  expect([...answers].filter((id) => id.startsWith('q-')).sort()).toEqual(traffic.answered.toSorted());
  expect(await running.stop()).toBe(0);
}, 600_000);

async function isAnswered({ url }: Platform): Promise<boolean> {
  const question = { unit: 'first', entities: { customer: 'customer-1' }, context: { amount: 1 } };
  return (await postJson(url, '/v1/predict/order-risk', question)).status === 200;
}

const readyz = ({ services }: Platform, service: string): Promise<{ status: number; body: Readyz }> =>
  getJson<Readyz>(services[service] ?? '', '/readyz');

async function getJson<T>(url: string, path: string): Promise<{ status: number; body: T }> {
  const answer = await fetch(new URL(path, url));
  return { status: answer.status, body: (await answer.json()) as T };
}

/** Ids of the orders and of the answered questions that lie on the log: those that were sent again by an outbox or a spool lie there twice. */
async function readLog(data: string, eventsUrl: string): Promise<{ orders: Set<string>; answers: Set<string> }> {
  const sqlUrl = await readEmbeddedUrl(join(data, 'postgres'));
  const sql = await openSql(sqlUrl, { poolSize: 2 });
  const bus = await openEventBus(eventsUrl, { sql, sqlUrl, log: createLogger({ level: 'error', write: () => undefined }) });
  const read = async (topic: string): Promise<LogRecord[]> => {
    const parts = await Promise.all((await bus.bounds(topic)).map((bounds) => bus.readFrom(bounds, bounds.start, 1_000_000)));
    return parts.flat();
  };
  const placed = (await read('events.order.placed')).filter(({ headers }) => headers['ce_type'] === 'order.placed');
  const served = await read(predictions.name);
  await bus.close();
  await sql.close();
  return {
    orders: new Set(placed.map(({ headers }) => headers['ce_id'] ?? '')),
    answers: new Set(served.map(({ value }) => (JSON.parse(value) as { predictionId: string }).predictionId)),
  };
}
