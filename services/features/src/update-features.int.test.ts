import { SOURCE_PROGRESSED } from '@roofshot/contracts/envelope';
import { acceptedEvents, topicOf } from '@roofshot/contracts/events';
import type { FeatureViewSpec } from '@roofshot/contracts/resources/feature-kinds';
import { decodeSeries } from '@roofshot/feature-defs/series-text';
import type { SumColumn } from '@roofshot/feature-defs/tiles';
import { decodeEvent, isUndecodable } from '@roofshot/messaging/cloud-event-codec';
import { onBatch } from '@roofshot/messaging/handlers';
import { EventsServer } from '@roofshot/messaging/nest/events-server';
import { openCommandQueue } from '@roofshot/messaging/open-command-queue';
import { openEventBus } from '@roofshot/messaging/open-event-bus';
import type { EventBus } from '@roofshot/messaging/events';
import type { CommandQueue } from '@roofshot/messaging/commands';
import { createTransactions } from '@roofshot/messaging/transactions';
import { Checkpoints, Fenced } from '@roofshot/storage/checkpoint';
import { ErasedSubjects, erasedSubjectsMigrations } from '@roofshot/storage/erased-subjects';
import { deliveryMigrations } from '@roofshot/storage/delivery-migrations';
import { migrate } from '@roofshot/storage/migrate';
import { openOnlineStore } from '@roofshot/storage/open-online-store';
import type { OnlineStore } from '@roofshot/storage/online-store';
import { log } from '@roofshot/telemetry/logger';
import { eventually } from '@roofshot/testing/eventually';
import { testDatabase, type TestDatabase } from '@roofshot/testing/postgres';
import { CreateFeatureState1763700000000 } from '../migrations/1763700000000-state.ts';
import { AddOnlineMark1763700001000 } from '../migrations/1763700001000-online-mark.ts';
import { PutAside1763700003000 } from '../migrations/1763700003000-put-aside.ts';
import { recordOf } from '../test/features-harness.ts';
import { ActiveViews } from './active-views.ts';
import { CatchUp } from './catch-up.ts';
import { OnlineWriter } from './online-writer.ts';
import { ProgressBoard } from './progress-board.ts';
import { QuietStreams } from './quiet-streams.ts';
import { UpdateFeatures } from './update-features.ts';

const TYPE = 'payment.made';
const spec: FeatureViewSpec = {
  entity: 'shop',
  source: { eventType: TYPE, keys: { shop: 'data.shop' } },
  tile: '5m',
  windows: ['1h'],
  features: [{ name: 'sum', aggregation: 'sum', value: 'data.amount' }],
};

/** The delivery on a real log, with the folding behind it and nothing else of the service. */
describe('folding under parking and redrive', () => {
  let database: TestDatabase;
  let bus: EventBus;
  let queue: CommandQueue;
  let online: OnlineStore;
  let server: EventsServer;
  let writer: OnlineWriter;
  let catchUp: CatchUp;
  let update: UpdateFeatures;
  const views = new ActiveViews();
  const quiet = new QuietStreams();

  beforeAll(async () => {
    database = await testDatabase();
    const { sql, url } = database;
    await migrate(sql, 'features', [
      ...deliveryMigrations,
      ...erasedSubjectsMigrations,
      CreateFeatureState1763700000000,
      AddOnlineMark1763700001000,
      PutAside1763700003000,
    ]);
    bus = await openEventBus(url, { sql, sqlUrl: url, log });
    queue = await openCommandQueue(url, { sql, sqlUrl: url, log });
    online = await openOnlineStore(url);
    await bus.ensureTopics([{ name: topicOf(TYPE), retentionMs: null, compacted: false }]);
    const erased = new ErasedSubjects('features');
    const setup = { name: 'features', sql, events: bus, online, views, quiet, log, clock: Date.now, board: new ProgressBoard(), erased };
    writer = new OnlineWriter(setup);
    const transactions = createTransactions(sql, bus, queue, { service: 'features', clock: Date.now });
    catchUp = new CatchUp({ ...setup, transactions, writer, met: () => Promise.resolve() });
    update = new UpdateFeatures({ ...setup, writer, catchUp });
    views.declareEntity({ name: 'shop', generation: 1, deleted: false, spec: { keys: ['shop'] } });
    views.declareEventType({ name: TYPE, importer: false, deleted: false });
    views.declareView({ name: 'payments', generation: 1, deleted: false, spec });
    server = new EventsServer({ service: 'features', schema: 'features', sql, bus, queue, clock: Date.now, log }, [
      onBatch(acceptedEvents, (batch, tx) => update.fold(batch, tx), { afterCommit: (batch) => update.settle(batch) }),
    ]);
    await new Promise<void>((resolve, reject) =>
      server.listen((error?: unknown) => (error === undefined ? resolve() : reject(error as Error))),
    );
  });
  afterAll(async () => {
    await server.close();
    await catchUp.stop();
    await writer.stop();
    await online.close();
    await queue.close();
    await bus.close();
    await database.drop();
  });

  const pay = (id: string, shop: string, amount: number): Promise<unknown> =>
    bus.publish([recordOf({ id, type: TYPE, time: '2001-01-15T12:00:00Z', data: { shop, amount } })]);

  async function onlineSum(view: string, shop: string): Promise<number> {
    const [row] = await online.get([{ view: `${view}@1`, entity: JSON.stringify([shop]) }]);
    return row?.value == null ? 0 : Number((decodeSeries(row.value).columns[0] as SumColumn).sum?.[0] ?? 0) / 1_000_000;
  }

  /** What a fault of the database, or of this code, would do to one shop's events. */
  const refuse = (): Promise<unknown> =>
    database.sql.query(`
      CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no shop two today'; END $$;
      CREATE TRIGGER refuse BEFORE INSERT ON features.series FOR EACH ROW WHEN (NEW.entity = '["two"]') EXECUTE FUNCTION refuse()`);

  test('a parked event is folded once, when it is redriven, also into a view that came meanwhile, and reaches the online store', async () => {
    await refuse();
    await pay('P0', 'one', 1);
    await pay('P1', 'two', 10);
    await eventually(async () => (await server.parkedKeys(topicOf(TYPE))).length === 1);
    await pay('P1', 'one', 100); // waits behind the parked one
    await pay('P2', 'one', 1_000);
    await eventually(async () => (await onlineSum('payments', 'one')) === 1_001);

    views.declareView({ name: 'more', generation: 1, deleted: false, spec });
    catchUp.start();
    await eventually(async () => (await onlineSum('more', 'one')) === 1_001);
    await database.sql.query('DROP TRIGGER refuse ON features.series');
    expect(await server.redriveKey(topicOf(TYPE), 'P1')).toMatchObject({ handled: 2, released: true });
    for (const view of ['payments', 'more']) {
      await eventually(async () => (await onlineSum(view, 'one')) === 1_101);
      await eventually(async () => (await onlineSum(view, 'two')) === 10);
    }

    await pay('P1', 'two', 20); // the key flows again
    for (const view of ['payments', 'more']) await eventually(async () => (await onlineSum(view, 'two')) === 30);
  });

  test('a member that was taken over folds nothing, however late its batch comes', async () => {
    const { sql } = database;
    const event = decodeEvent({
      ...recordOf({ id: 'P0', type: TYPE, time: '2001-01-15T12:00:00Z', data: { shop: 'one', amount: 7 } }),
      partition: 0,
      offset: 0,
      appendedAt: 0,
    });
    const [checkpoint] = await new Checkpoints('features').positions(sql, 'features');
    if (checkpoint === undefined || isUndecodable(event)) throw new Error('The log was not read.');
    const { topic, partition, epoch, nextOffset } = checkpoint;
    const states = (): Promise<unknown> => sql.query('SELECT view, entity, tiles FROM features.series ORDER BY 1, 2');
    const before = await states();
    for (const start of [0, nextOffset]) {
      const late = { topic, partition, events: [event], progress: undefined, start, end: start + 1 };
      const folding = createTransactions(sql, bus, queue, { service: 'features', clock: Date.now }).run(async (tx) => {
        await update.fold(late, tx);
        await new Checkpoints('features').advance(tx, { group: 'features', topic, partition, epoch: epoch - 1, start, end: start + 1 });
      });
      await expect(folding).rejects.toThrow(Fenced);
    }
    expect(await states()).toEqual(before);
  });

  describe('the progress of a live stream', () => {
    const [quietFrom, quietTo] = ['2001-01-15T13:00:00.000Z', '2001-01-15T13:05:00.000Z'];
    const progress = async (): Promise<(string | null)[]> => {
      const rows = await database.sql.query<{ progress: number | null }>(
        `SELECT progress FROM features.view_positions WHERE view = 'payments@1' ORDER BY partition`,
      );
      return rows.map((row) => (row.progress === null ? null : new Date(row.progress).toISOString()));
    };
    const lookAtAll = async (): Promise<void> => {
      for (const task of await bus.bounds(topicOf(TYPE))) await update.advanceIdle(task);
    };
    const sayProgress = async (): Promise<unknown> => {
      const partitions = (await bus.bounds(topicOf(TYPE))).map(({ partition }) => partition);
      const data = { eventTime: quietFrom, source: '/tests' };
      const records = partitions.map((partition) => ({
        ...recordOf({ id: `said-${partition}`, type: TYPE, time: quietFrom, data }),
        partition,
      }));
      return bus.publish(records.map((record) => ({ ...record, headers: { ...record.headers, ce_type: SOURCE_PROGRESSED } })));
    };

    test('is just before its newest event, because more may be known of the same moment', async () => {
      await pay('P0', 'one', 1);
      await eventually(async () => expect(await progress()).toContain('2001-01-15T11:59:59.999Z'));
    });

    test('goes on through a quiet span only where everything before it was read', async () => {
      quiet.advance({ eventType: TYPE, after: quietFrom, until: quietTo });
      const before = await progress();
      await lookAtAll();
      expect(await progress()).toEqual(before);
      await sayProgress();
      await eventually(async () => expect(new Set(await progress())).toEqual(new Set([quietFrom])));
      await lookAtAll();
      expect(new Set(await progress())).toEqual(new Set([quietTo]));
    });
  });
});
