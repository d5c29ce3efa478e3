/** A disk that fills while the platform runs: a sentence for what cannot be stored, and nothing lost or doubled when there is room again. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { predictions } from '@roofshot/contracts/predictions';
import { openEventBus } from '@roofshot/messaging/open-event-bus';
import { readEmbeddedUrl } from '@roofshot/storage/embedded-postgres';
import { openSql } from '@roofshot/storage/open-sql';
import { createLogger } from '@roofshot/telemetry/logger';
import { eventually } from '@roofshot/testing/eventually';
import { mountSmallDisk, type SmallDisk } from '@roofshot/testing/small-disk';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import { postJson, roofshot, startPlatform, type Platform } from './cli-lab.ts';
import { countInFeatures, Traffic, type Refusal } from './traffic.ts';

/** PostgreSQL asks for 256 MB before it makes its files. */
const DISK_MB = 320;
const ENOUGH = 5;
const PATIENCE = { deadlineMs: 60_000 };

let folder: TempDir;
let disk: SmallDisk | undefined;
let platform: Platform | undefined;
beforeAll(async () => {
  folder = await tempDir('cli disk');
  disk = mountSmallDisk(join(folder.path, 'small disk'), DISK_MB);
});
afterAll(async () => {
  disk?.free();
  await platform?.stop();
  disk?.remove();
  await folder.remove();
}, 60_000);

const STORAGE_FULL: Partial<Refusal> = {
  status: 503,
  code: 'storage-full',
  retryAfter: '1',
  detail:
    'The disk that holds the data is full, so nothing of this was stored. Free some space on it, then send the request again; what was stored before is safe.',
};
const DATABASE_AWAY: Partial<Refusal> = {
  status: 503,
  code: 'unavailable',
  retryAfter: '1',
  detail: expect.stringMatching(
    /^The database does not answer at the moment\. .*(is full|MB left).* Free some space and try again; nothing is lost\./,
  ),
};
const UNLOGGED: Partial<Refusal> = {
  status: 503,
  code: 'spool-unwritable',
  retryAfter: '1',
  detail: expect.stringMatching(/^Predictions are refused, because what is answered cannot be logged: .*\(ENOSPC\)\. Free space there/),
};

test('events and questions are refused with a sentence while the disk is full, and go on when it is not; nothing is lost or doubled', async () => {
  if (disk === undefined) return;
  const { path, fill, free } = disk;
  const data = join(path, 'data');
  const running = (platform = await startPlatform(data));
  await running.run('apply', '-f', 'shop');
  await eventually(() => isAnswered(running));
  const traffic = new Traffic(running, 'q', 0);
  await eventually(() => traffic.taken >= 100 && traffic.answered.length >= 20, PATIENCE);

  fill();
  await eventually(() => {
    fill(); // what the platform gave back meanwhile
    expect(traffic.refusedEvents.filter(({ code }) => code === 'storage-full').length).toBeGreaterThan(ENOUGH);
    expect(traffic.refusedQuestions.length).toBeGreaterThan(ENOUGH);
  }, PATIENCE);

  await endDatabaseByFullLog(data);
  await eventually(() => {
    fill();
    expect(traffic.refusedEvents.at(-1)).toMatchObject(DATABASE_AWAY);
  }, PATIENCE);
  expect(running.said().out.split('\n')).toHaveLength(2); // the line that it is ready, and nothing since

  const before = { events: traffic.taken, answers: traffic.answered.length };
  free();
  await eventually(() => traffic.taken > before.events + 100 && traffic.answered.length > before.answers + 20, PATIENCE);
  await traffic.end();
  for (const refused of traffic.refusedEvents)
    expect(refused).toMatchObject({ status: 503, code: expect.stringMatching(/^(storage-full|unavailable)$/) });
  expect(traffic.refusedEvents.find(({ code }) => code === 'storage-full')).toMatchObject(STORAGE_FULL);
  for (const refused of traffic.refusedQuestions) expect(refused).toMatchObject(UNLOGGED);

  await eventually(async () => expect(await countInFeatures(running)).toBe(traffic.taken), PATIENCE);
  const log = await readLog(running, data);
  expect(log.orders.length).toBe(traffic.taken);
  expect(new Set(log.orders).size).toBe(traffic.taken);
  expect(log.answers.filter((id) => id.startsWith('q-')).sort()).toEqual(traffic.answered.toSorted());
  await eventually(async () => expect((await running.run('status')).code).toBe(0), PATIENCE);

  expect(await running.stop()).toBe(0);
  const lines = (await readFile(join(data, 'logs', 'roofshot.log'), 'utf8')).trimEnd().split('\n');
  for (const line of lines) JSON.parse(line);
  const told = running.said().err.trimEnd().split('\n');
  expect(told[0]).toMatch(/^Log lines cannot be written to .*roofshot\.log \(Error: ENOSPC.*\)\. They are kept and tried again\.$/);
  expect(told.at(-1)).toMatch(/^Log lines are written to .*roofshot\.log again\. Lost in between: \d+\.$/);
}, 180_000);

test('stopped or killed on a full disk, it starts again when there is room, and says so until then', async () => {
  if (disk === undefined) return;
  const data = join(disk.path, 'data');
  platform = await startPlatform(data);
  const traffic = new Traffic(platform, 'r', 1_000_000);
  await eventually(() => traffic.taken >= 50, PATIENCE);
  await traffic.end();
  const kept = await acceptedOrders(platform);
  for (const end of ['stop', 'kill'] as const) {
    disk.fill();
    await platform[end]();
    disk.fill();
    const { code, out, err } = await roofshot(['up', '--data', data, '--port', '0']);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/The disk that holds the data folder .*small disk.* is full\. Free some space and try again; nothing is lost\./);
    disk.free();
    platform = await startPlatform(data);
    expect(await acceptedOrders(platform)).toBe(kept);
  }
}, 180_000);

async function isAnswered({ url }: Platform): Promise<boolean> {
  const question = { unit: 'first', entities: { customer: 'customer-1' }, context: { amount: 1 } };
  return (await postJson(url, '/v1/predict/order-risk', question)).status === 200;
}

/** A full disk refuses statements; but where the write-ahead log needs its next file, PostgreSQL gives up, and cannot start either. */
async function endDatabaseByFullLog(data: string): Promise<void> {
  const sql = await openSql(await readEmbeddedUrl(join(data, 'postgres')), { poolSize: 1 });
  const fillLog = async (): Promise<void> => {
    for (let megabytes = 0; megabytes < DISK_MB; megabytes += 1) {
      await sql.query(`SELECT pg_logical_emit_message(false, 'test', repeat('x', 1048576))`);
    }
  };
  await expect(fillLog()).rejects.toMatchObject({ name: 'LostConnection' });
  await sql.close();
}

/** Ids of the orders and of the answered questions, from the log itself. */
async function readLog({ url }: Platform, data: string): Promise<{ orders: string[]; answers: string[] }> {
  await fetch(new URL('/v1/predictions/progress?wait=30s', url));
  const sqlUrl = await readEmbeddedUrl(join(data, 'postgres'));
  const sql = await openSql(sqlUrl, { poolSize: 1 });
  const bus = await openEventBus(sqlUrl, { sql, sqlUrl, log: createLogger({ level: 'error', write: () => undefined }) });
  const read = async <T>(
    topic: string,
    idOf: (record: { readonly headers: Readonly<Record<string, string>>; readonly value: string }) => T,
  ): Promise<T[]> => {
    const ids: T[] = [];
    for (const bounds of await bus.bounds(topic)) ids.push(...(await bus.readFrom(bounds, bounds.start, 1_000_000)).map(idOf));
    return ids;
  };
  const placed = await read('events.order.placed', ({ headers }) => headers);
  const orders = placed.filter((headers) => headers['ce_type'] !== 'source.progressed').map((headers) => headers['ce_id'] ?? '');
  const answers = await read(predictions.name, ({ value }) => (JSON.parse(value) as { predictionId: string }).predictionId);
  await bus.close();
  await sql.close();
  return { orders, answers };
}

async function acceptedOrders({ url }: Platform): Promise<number> {
  const ledger = (await (await fetch(`${url}/v1/events/ledger`)).json()) as { types: Record<string, { accepted: number }> };
  return ledger.types['order.placed']?.accepted ?? 0;
}
