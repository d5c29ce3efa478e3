/** What readers of a live stream may rely on: nothing comes to lie on it that was known before what has been said of its time. */
import type { LogRecord } from '@roofshot/messaging/events';
import { eventually } from '@roofshot/testing/eventually';
import { BATCH, event, eventsOf, IngestionLab } from './ingestion-lab.ts';

const ORDERS = 'events.order.placed';
const lab = new IngestionLab();
beforeAll(() => lab.open(), 60_000);
afterAll(() => lab.close());

interface Span {
  readonly after: number;
  readonly until: number;
}

const knownOf = ({ headers }: LogRecord): number => Date.parse(headers['ce_knowntime'] ?? '');
const isFence = ({ headers }: LogRecord): boolean => headers['ce_type'] === 'source.progressed';

async function spansOf(eventType: string): Promise<Span[]> {
  const records = await lab.onLog('event-progress.v1');
  const said = records.map(({ value }) => JSON.parse(value) as { eventType: string; after: string; until: string });
  return said
    .filter((one) => one.eventType === eventType)
    .map(({ after, until }) => ({ after: Date.parse(after), until: Date.parse(until) }));
}

const lastSaid = async (): Promise<number> => Math.max(0, ...(await spansOf('order.placed')).map(({ until }) => until));
const now = async (): Promise<number> => {
  const [row] = await lab.database.sql.query<{ now: number }>('SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now');
  return row?.now ?? 0;
};

/** Holds a statement's locks in a transaction of its own; answers how to let go. */
async function hold(statement: string): Promise<() => Promise<void>> {
  let letGo: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (letGo = resolve));
  let isHeld: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (isHeld = resolve));
  const ended = lab.database.sql.transaction(async (tx) => {
    await tx.query(statement);
    isHeld();
    await gate;
  });
  await held;
  return async () => {
    letGo();
    await ended;
  };
}

/** Every promise about a stream's time, held against everything that lies on it. */
async function expectTrue(topic: string, eventType: string): Promise<void> {
  const records = await lab.onLog(topic);
  for (const { partition } of await lab.bus.bounds(topic)) {
    const inOrder = records.filter((record) => record.partition === partition).sort((a, b) => a.offset - b.offset);
    const times = inOrder.map(knownOf);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    const overtaken = inOrder.filter(
      (fence, index) => isFence(fence) && inOrder.slice(index + 1).some((later) => knownOf(later) <= knownOf(fence)),
    );
    expect(overtaken).toEqual([]);
  }
  const events = eventsOf(records).map(knownOf);
  for (const { after, until } of await spansOf(eventType)) {
    expect(events.filter((known) => known > after && known <= until)).toEqual([]);
  }
}

describe('the known time of a live event', () => {
  it('is not before the time that was said while it waited to be recorded', async () => {
    await lab.post([event()]);
    const letGo = await hold('LOCK TABLE ingestion.seen IN EXCLUSIVE MODE');
    const posted = lab.post([event({ id: 'waited' })]);
    const begun = await now();
    const said = await eventually(async () => ((await lastSaid()) > begun + 1_000 ? lastSaid() : false), { deadlineMs: 10_000 });
    await letGo();
    expect((await posted).status).toBe(202);
    const waited = (await lab.onLog(ORDERS)).find(({ headers }) => headers['ce_id'] === 'waited');
    expect(waited && knownOf(waited)).toBeGreaterThan(said);
    await expectTrue(ORDERS, 'order.placed');
  });

  it('holds up what is said of its stream while it is on its way to the log, and of no other', async () => {
    await lab.post([event()]);
    const letGo = await hold(
      `SELECT 1 FROM messaging.partitions p JOIN messaging.topics t USING (topic_id) WHERE t.name = '${ORDERS}' FOR UPDATE OF p`,
    );
    const posted = lab.post([event({ id: 'stamped' })]);
    const begun = await eventually(async () => {
      const waiting = await lab.database.sql.query(
        `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%append_records%'`,
      );
      return waiting.length > 0 && now();
    });
    await eventually(async () => (await spansOf('door.opened')).some(({ until }) => until > begun + 1_000), { deadlineMs: 10_000 });
    const stamped = await lastSaid();
    await letGo();
    await posted;
    const record = (await lab.onLog(ORDERS)).find(({ headers }) => headers['ce_id'] === 'stamped');
    expect(record && knownOf(record)).toBeGreaterThan(stamped);
    await expectTrue(ORDERS, 'order.placed');
  });

  it('is also its event time where the sender gives none', async () => {
    const { time: _time, ...timeless } = event({ id: 'timeless' });
    await lab.post([timeless]);
    const record = (await lab.onLog(ORDERS)).find(({ headers }) => headers['ce_id'] === 'timeless');
    expect(record?.headers['ce_time']).toBeDefined();
    expect(record?.headers['ce_time']).toBe(record?.headers['ce_knowntime']);
  });
});

describe('what is said of a stream', () => {
  it('goes on with the clock while nothing comes, and leaves one record a partition on it', async () => {
    await lab.post([event()]);
    const last = await now();
    await eventually(async () => (await spansOf('order.placed')).some(({ until }) => until > last + 2_500), { deadlineMs: 15_000 });
    const fences = (await lab.onLog(ORDERS)).filter((record) => isFence(record) && knownOf(record) >= last);
    expect(fences.map(({ partition }) => partition).sort()).toEqual((await lab.bus.bounds(ORDERS)).map(({ partition }) => partition));
    const [fence] = fences;
    const spans = (await spansOf('order.placed')).filter(({ until }) => until > last);
    expect(spans.every(({ after }) => after === (fence && knownOf(fence)))).toBe(true);
  });

  it('is said of a type that nobody has ever sent', async () => {
    await lab.declare('never.sent', { schema: { type: 'object' } });
    await eventually(async () => (await spansOf('never.sent')).length > 0);
  });

  it('is said of no import', async () => {
    await eventually(async () => (await spansOf('door.opened')).length > 2);
    expect(await spansOf('import.row')).toEqual([]);
  });

  it('is true of several processes that publish, stall and die at once', async () => {
    const [second, third] = await Promise.all([lab.startReplica('second'), lab.startReplica('third')]);
    const urls = [lab.url, second.urls['ingestion'], third.urls['ingestion']];
    const until = performance.now() + 6_000;
    let sent = 0;
    const send = async (url: string | undefined): Promise<void> => {
      while (performance.now() < until) {
        const body = JSON.stringify([event({ subject: `s${(sent += 1) % 7}` }), event({ type: 'door.opened' })]);
        await fetch(`${url}/v1/events`, { method: 'POST', body, headers: { 'content-type': BATCH } });
      }
    };
    const disturb = async (): Promise<void> => {
      while (performance.now() < until) {
        const letGo = await hold(`SELECT 1 FROM messaging.partitions WHERE partition = 1 FOR UPDATE`);
        await lab.database.sql.query('SELECT pg_sleep(0.15)');
        await letGo();
        await lab.database.sql.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%append_records%' AND pid <> pg_backend_pid() AND random() < 0.5`,
        );
        await lab.database.sql.query('SELECT pg_sleep(0.3)');
      }
    };
    await Promise.all([...urls, ...urls].map(send).concat(disturb()));
    const last = await now();
    await eventually(async () => (await spansOf('order.placed')).some(({ until: said }) => said > last), { deadlineMs: 10_000 });
    await expectTrue(ORDERS, 'order.placed');
    await expectTrue('events.door.opened', 'door.opened');
    expect(sent).toBeGreaterThan(20);
    await Promise.all([second.stop(), third.stop()]);
  });
});
