import { trainingSnapshots, type BuildTrainingSnapshot } from '@roofshot/contracts/features';
import type { DataOf } from '@roofshot/contracts/define';
import { openCommandQueue } from '@roofshot/messaging/open-command-queue';
import { openEventBus } from '@roofshot/messaging/open-event-bus';
import { createTransactions, type Transactions } from '@roofshot/messaging/transactions';
import { deliveryMigrations } from '@roofshot/storage/delivery-migrations';
import { migrate } from '@roofshot/storage/migrate';
import { createLogger } from '@roofshot/telemetry/logger';
import { testDatabase, type TestDatabase } from '@roofshot/testing/postgres';
import { CreateFeatureState1763700000000 } from '../../migrations/1763700000000-state.ts';
import { AddOnlineMark1763700001000 } from '../../migrations/1763700001000-online-mark.ts';
import { Snapshots } from './snapshots.ts';
import { addSnapshot } from './snapshot-store.ts';

let database: TestDatabase;
let transactions: Transactions;
const opened: { close(): Promise<void> }[] = [];
const lines: string[] = [];
const log = createLogger({
  write: (text) => {
    const { 'log.level': level, message } = JSON.parse(text) as Record<string, string>;
    lines.push(`${level} ${message}`);
  },
});

beforeAll(async () => {
  database = await testDatabase();
  await migrate(database.sql, 'features', [...deliveryMigrations, CreateFeatureState1763700000000, AddOnlineMark1763700001000]);
  const around = { sql: database.sql, sqlUrl: database.url, log };
  const bus = await openEventBus(database.url, around);
  const queue = await openCommandQueue(database.url, around);
  await bus.ensureTopics([{ name: trainingSnapshots.name, retentionMs: null, compacted: false }]);
  transactions = createTransactions(database.sql, bus, queue, { service: 'features', clock: () => 0 });
  opened.push(queue, bus);
});
beforeEach(() => {
  lines.length = 0;
});
afterAll(async () => {
  for (const one of opened) await one.close();
  await database.drop();
});

const request = (snapshotId: string): DataOf<typeof BuildTrainingSnapshot> => ({
  snapshotId,
  featureService: 'f',
  observation: { eventType: 'a' },
  label: { eventType: 'b', name: 'l', value: '1' },
  from: '2001-01-01T00:00:00.000Z',
  to: '2001-02-01T00:00:00.000Z',
  asOf: '2001-02-01T00:00:00.000Z',
});

async function build(id: string): Promise<string | null | undefined> {
  const failing = (): never => {
    throw new TypeError('undefined is not a function');
  };
  const snapshots = new Snapshots({
    name: 'features',
    sql: database.sql,
    transactions,
    log,
    leaseMs: 60_000,
    build: async () => failing(),
  });
  await addSnapshot(database.sql, request(id), { correlationid: 'c-1', traceparent: null });
  await snapshots.start();
  const ended = await snapshots.findEnded(id, { timeoutMs: 20_000 });
  await snapshots.stop();
  return ended?.reason;
}

it('a snapshot that cannot be built is tried three times, and only the last failure is an error', async () => {
  expect(await build('run-1')).toBe('It failed 3 times, last with: undefined is not a function');
  expect(lines).toEqual([
    'warn A training snapshot could not be built.',
    'warn A training snapshot could not be built.',
    'error A training snapshot could not be built.',
  ]);
});

it('a snapshot whose builder was lost each time is given up with an error', async () => {
  await addSnapshot(database.sql, request('run-2'), { correlationid: null, traceparent: null });
  await database.sql.query(
    `UPDATE features.snapshots SET state = 'building', attempts = 3, lease_token = gen_random_uuid(), lease_until = now() - interval '1 s' WHERE id = 'run-2'`,
  );
  expect(await build('run-2')).toContain('its builder was lost each time');
  expect(lines).toEqual(['error A training snapshot was given up.']);
});
