import { LostConnection } from '@roofshot/storage/sql-errors';
import { eventually } from '@roofshot/testing/eventually';
import type { TopicDefinition } from '@roofshot/contracts/define';
import { done, on, onBatch, type EventBatch, type Tx } from '../handlers.ts';
import { Noted, progressRecord, rawEvent, type DeliveryLab } from './delivery-lab.ts';
import { EventDelivery } from './event-delivery.ts';

const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
type Lab = () => DeliveryLab;

/** State, messages and position are one; each event counts once whatever happens to the processes. */
export function exactlyOnce(lab: Lab): void {
  it('writes state, messages and position together, one event at a time', async () => {
    const topic = await lab().newTopic();
    const notes = await lab().newTopic(Noted);
    let failures = 0;
    const service = await lab().process([
      on(topic, {
        'amount.added': async (event, tx) => {
          await lab().foldOne(event, tx);
          tx.publish(notes, [{ type: 'amount.noted', data: event.data }]);
          if (event.data.n === 3 && (failures += 1) < 3) throw new Error('not yet');
          return done();
        },
      }),
    ]);
    await lab().add(
      topic,
      count(6).map((n) => ['a', n]),
    );
    await eventually(async () => expect(await lab().totals(topic)).toEqual({ a: 15 }));
    await eventually(async () => {
      const said = await lab().records(notes);
      expect(said.map(({ value }) => (JSON.parse(value) as { n: number }).n)).toEqual(count(6));
    });
    expect(failures).toBe(3);
    await lab().stop(service);
  });

  it('counts every record once while members come and go under load', async () => {
    const topic = await lab().newTopic();
    const handlers = [onBatch(topic, lab().fold)];
    const units = count(20).map((n) => `unit-${n}`);
    let writing = true;
    const churning = (async () => {
      const steady = await lab().process(handlers);
      while (writing) {
        const visitor = await lab().process(handlers);
        await eventually(() => visitor.describe().length === 1, { deadlineMs: 30_000 }); // members hear of each other every 2 s
        await lab().stop(visitor);
      }
      return steady;
    })();
    for (const round of count(60))
      await lab().add(
        topic,
        units.flatMap((unit) => count(5).map((n) => [unit, round * 5 + n] as const)),
      );
    writing = false;
    const steady = await churning;
    const expected = Object.fromEntries(units.map((unit) => [unit, (300 * 299) / 2]));
    await eventually(async () => expect(await lab().totals(topic)).toEqual(expected), { deadlineMs: 30_000 });
    for (const unit of units) expect(await lab().seen(topic, unit)).toEqual(count(300));
    await lab().stop(steady);
  }, 90_000);

  it('refuses the late write of a member that was stalled while another one took over', async () => {
    const topic = await lab().newTopic();
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    let stalled = 0;
    const slow = async (batch: EventBatch, tx: Tx): Promise<void> => {
      stalled += 1;
      if (stalled === 1) await gate;
      await lab().fold(batch, tx);
    };
    const service = await lab().process([onBatch(topic, slow)]);
    await lab().add(topic, [['a', 1]]);
    await eventually(() => stalled === 1);
    const [record] = await eventually(() => lab().records(topic));
    const bounds = (await lab().bus.bounds(topic.name)).find(({ partition }) => partition === record?.partition);
    const rival = new EventDelivery(lab().setup(), [onBatch(topic, lab().fold)]);
    if (bounds === undefined || record === undefined) throw new Error('no record');
    expect(await rival.claim(bounds)).toBe(record.offset);
    await rival.read(bounds, [record]);
    release();
    await lab().add(topic, [['a', 10]]);
    await eventually(async () => expect(await lab().totals(topic)).toEqual({ a: 11 }));
    expect(await lab().seen(topic, 'a')).toEqual([1, 10]);
    await lab().stop(service);
  });

  it('counts once what was committed but not yet told to the log when the process died', async () => {
    const topic = await lab().newTopic();
    await lab().add(topic, [
      ['a', 1],
      ['a', 2],
    ]);
    const records = await eventually(async () => {
      const found = await lab().records(topic);
      return found.length === 2 && found;
    });
    const bounds = (await lab().bus.bounds(topic.name)).find(({ end }) => end > 0);
    if (bounds === undefined) throw new Error('no records');
    const dying = new EventDelivery(lab().setup(), [onBatch(topic, lab().fold)]);
    await dying.claim(bounds);
    await dying.read(bounds, records); // committed; its answer is lost with the process
    const heir = await lab().process([onBatch(topic, lab().fold)]);
    await lab().add(topic, [['a', 4]]);
    await eventually(async () => expect(await lab().totals(topic)).toEqual({ a: 7 }));
    await lab().stop(heir);
  });

  it('survives a database that drops every connection', async () => {
    const topic = await lab().newTopic();
    const service = await lab().process([onBatch(topic, lab().fold)]);
    for (const round of count(5)) {
      const amounts = count(50).map((n) => [`u${n % 5}`, n] as const);
      await whileConnectionsBreak(() => lab().add(topic, amounts));
      if (round % 2 === 0) await dropConnections(lab());
    }
    for (const unit of count(5)) {
      const expected = count(5).flatMap(() => count(10).map((n) => n * 5 + unit));
      await eventually(async () => expect(await lab().seen(topic, `u${unit}`)).toEqual(expected), { deadlineMs: 20_000 });
    }
    await lab().stop(service);
  }, 60_000);
}

/** A writer's own retry: a broken connection is told apart from an unknown outcome, which cannot happen before COMMIT. */
async function whileConnectionsBreak(work: () => Promise<void>): Promise<void> {
  await eventually(async () => {
    try {
      await work();
    } catch (error) {
      if (error instanceof LostConnection && error.outcome === 'not applied') return false;
      throw error;
    }
    return true;
  });
}

async function dropConnections(lab: DeliveryLab): Promise<void> {
  await lab.sql.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
  );
}

/** What a handler is given beside the events. */
export function surroundingsOfABatch(lab: Lab): void {
  it('takes control records out of the batch, tells their progress, and keeps it with the position', async () => {
    const topic = await lab().newTopic();
    const batches: EventBatch[] = [];
    const service = await lab().process([
      onBatch(topic, (batch, _tx) => {
        batches.push(batch);
        return Promise.resolve();
      }),
    ]);
    await lab().bus.publish([
      progressRecord(topic.name, 0, '2001-01-01T10:00:00Z'),
      progressRecord(topic.name, 0, '2001-01-01T11:00:00+02:00'),
    ]);
    await eventually(() => expect(batches).toHaveLength(1));
    expect(batches[0]).toMatchObject({ partition: 0, events: [], progress: '2001-01-01T10:00:00Z', start: 0, end: 2 });
    const event = { ...rawEvent(topic.name, 'a', { unit: 'a', n: 1 }), partition: 0 };
    await lab().bus.publish([event, progressRecord(topic.name, 0, '2001-01-01T10:05:00Z'), event]);
    await eventually(() => expect(batches.flatMap(({ events }) => events)).toHaveLength(2));
    expect(batches.at(-1)).toMatchObject({ progress: '2001-01-01T10:05:00Z', start: 2, end: 5 });
    await eventually(async () => {
      const stored = await lab().sql.query<{ progress: Date; next_offset: number }>(
        'SELECT progress, next_offset FROM sums.checkpoints WHERE topic = $1 AND partition = 0',
        [topic.name],
      );
      expect(stored).toEqual([{ progress: new Date('2001-01-01T10:05:00Z'), next_offset: 5 }]);
    });
    await lab().stop(service);
  });

  it('leaves control records out of `on`', async () => {
    const topic = await lab().newTopic();
    const types: string[] = [];
    const service = await lab().process([
      on(topic, {
        'amount.added': (event) => {
          types.push(event.type);
          return done();
        },
      }),
    ]);
    await lab().bus.publish([progressRecord(topic.name, 0, '2001-01-01T10:00:00Z'), rawEvent(topic.name, 'a', { unit: 'a', n: 1 })]);
    await eventually(() => service.describe().every(({ lag, end }) => lag === 0 && end > 0) || types.length === 1);
    expect(types).toEqual(['amount.added']);
    await lab().stop(service);
  });

  it('says what happened after the commit, and when there is nothing more', async () => {
    const topic = await lab().newTopic();
    const told: string[] = [];
    const service = await lab().process([
      onBatch(topic, lab().fold, {
        afterCommit: async ({ events }) => {
          told.push(`committed ${events.length}: ${JSON.stringify(await lab().totals(topic))}`);
        },
        caughtUp: ({ partition }) => {
          told.push(`caught up ${partition}`);
          return Promise.resolve();
        },
      }),
    ]);
    await eventually(() => expect(told.sort()).toEqual(['caught up 0', 'caught up 1']));
    told.length = 0;
    await lab().bus.publish([{ ...rawEvent(topic.name, 'a', { unit: 'a', n: 5 }), partition: 1 }]);
    await eventually(() => expect(told.slice(0, 2)).toEqual(['committed 1: {"a":5}', 'caught up 1']));
    await lab().stop(service);
  });

  it('carries the trace and the correlation of an event on to what it causes', async () => {
    const [topic, notes] = [await lab().newTopic(), await lab().newTopic(Noted)];
    const service = await lab().process([on(topic, { 'amount.added': (event, tx) => (note(notes, event.data, tx), done()) })]);
    const record = rawEvent(topic.name, 'a', { unit: 'a', n: 1 });
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await lab().bus.publish([{ ...record, headers: { ...record.headers, ce_traceparent: traceparent, ce_correlationid: 'order-7' } }]);
    await eventually(async () => expect(await lab().records(notes)).toHaveLength(1));
    const [caused] = await lab().records(notes);
    expect(caused?.headers).toMatchObject({
      ce_source: '/roofshot/sums',
      ce_type: Noted.type,
      ce_correlationid: 'order-7',
      ce_traceparent: expect.stringMatching(/^00-0af7651916cd43dd8448eb211c80319c-(?!b7ad6b7169203331)/),
    });
    await lab().stop(service);
  });
}

function note(notes: TopicDefinition<string, readonly [typeof Noted]>, data: { unit: string; n: number }, tx: Tx): void {
  tx.publish(notes, [{ type: Noted.type, data }]);
}
