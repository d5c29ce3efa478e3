import { eventually } from '@roofshot/testing/eventually';
import type { TestDatabase } from '@roofshot/testing/postgres';
import { databaseWithDelivery } from '../test/delivery-schema.ts';
import { openSql } from './open-sql.ts';
import { CannotLeave, OutboxRelay, PartlyPublished } from './outbox-relay.ts';
import type { OutboxRelayOptions } from './outbox-relay.ts';
import { Outbox } from './outbox.ts';
import type { OutboxMessage, SetAsideMessage } from './outbox.ts';
import { LostConnection } from './sql-errors.ts';

const outbox = new Outbox('shop');
let db: TestDatabase;
beforeAll(async () => (db = await databaseWithDelivery()));
beforeEach(() => db.sql.query('TRUNCATE shop.outbox RESTART IDENTITY'));
afterAll(() => db.drop());

function relay(publish: OutboxRelayOptions['publish'], rest: Partial<OutboxRelayOptions> = {}): OutboxRelay {
  const onError = (error: unknown) => {
    throw error;
  };
  return new OutboxRelay({ sql: db.sql, schema: 'shop', publish, onError, onSetAside: () => undefined, pollMs: 20, ...rest });
}

/** A broker that keeps what it acknowledged. */
class Broker {
  readonly log: OutboxMessage[] = [];
  readonly accept = (messages: readonly OutboxMessage[]): Promise<void> => {
    this.log.push(...messages);
    return Promise.resolve();
  };

  payloads(): string[] {
    return this.log.map(({ payload }) => payload);
  }
}

function say(key: string, payload: string, destination = 'd'): Promise<void> {
  return db.sql.transaction((tx) => outbox.enqueue(tx, [{ key, kind: 'event', destination, payload }]));
}

test('a message leaves exactly if its transaction commits, once, and with the id it was given', async () => {
  const broker = new Broker();
  const failing = db.sql.transaction(async (tx) => {
    await outbox.enqueue(tx, [{ key: 'k', kind: 'event', destination: 'd', payload: 'never' }]);
    throw new Error('rolled back');
  });
  await expect(failing).rejects.toThrow('rolled back');
  await outbox.enqueue(db.sql, [{ key: 'k', kind: 'command', destination: 'd', payload: 'ever', messageId: 'run-7' }]);
  const carrier = relay(broker.accept);
  await carrier.flush();
  await carrier.flush();
  expect(broker.log).toMatchObject([{ kind: 'command', payload: 'ever', messageId: 'run-7' }]);
  expect(await outbox.pending(db.sql)).toEqual({ count: 0, oldest: undefined });
});

test('tells about how many messages wait, and no more than was asked for', async () => {
  expect(await outbox.waiting(db.sql, 5)).toBe(0);
  for (const n of [1, 2, 3]) await say('k', `${n}`);
  expect(await outbox.waiting(db.sql, 5)).toBe(3);
  for (const n of [4, 5, 6, 7, 8]) await say('k', `${n}`);
  expect(await outbox.waiting(db.sql, 5)).toBe(6);
  await db.sql.query('DELETE FROM shop.outbox WHERE id BETWEEN 2 AND 7'); // two are left, far apart
  expect(await outbox.waiting(db.sql, 5)).toBe(2);
});

test('after a crash between publish and delete the same messages go out again with the same ids', async () => {
  const broker = new Broker();
  for (const n of [1, 2, 3]) await say('k', `${n}`);
  const crashing = await openSql(db.url, { poolSize: 2 });
  const crash = relay(
    async (messages) => {
      await broker.accept(messages);
      await db.sql.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'`,
      );
    },
    { sql: crashing },
  );
  await expect(crash.flush()).rejects.toThrow('is lost');
  expect(await outbox.pending(db.sql)).toMatchObject({ count: 3 });
  const next = relay(broker.accept);
  await eventually(async () => {
    await next.flush(); // the broken session may hold the shard for another moment
    expect(broker.payloads()).toEqual(['1', '2', '3', '1', '2', '3']);
  });
  expect(broker.log.slice(3).map(({ messageId }) => messageId)).toEqual(broker.log.slice(0, 3).map(({ messageId }) => messageId));
  expect(await outbox.pending(db.sql)).toMatchObject({ count: 0 });
  await crashing.close();
});

test('two relays and many writers: every message once, each key in commit order', async () => {
  const broker = new Broker();
  const slow = async (messages: readonly OutboxMessage[]): Promise<void> => {
    await db.sql.query('SELECT pg_sleep($1)', [Math.random() / 200]);
    await broker.accept(messages);
  };
  await db.sql.query('CREATE TABLE shop.counters (key text PRIMARY KEY, n integer NOT NULL)');
  const keys = Array.from({ length: 12 }, (_, n) => `key ${n}`);
  await db.sql.query('INSERT INTO shop.counters SELECT k, 0 FROM unnest($1::text[]) k', [keys]);
  const relays = [relay(slow, { batchSize: 3 }), relay(slow, { batchSize: 5 })];
  await Promise.all(relays.map((each) => each.start()));
  await Promise.all(Array.from({ length: 6 }, () => writeForAll(keys, 10)));
  await eventually(() => expect(broker.log).toHaveLength(keys.length * 60), { deadlineMs: 30_000, describe: 'all messages' });
  await Promise.all(relays.map((each) => each.stop()));
  for (const key of keys) {
    const seen = broker.payloads().filter((payload) => payload.startsWith(`${key}#`));
    expect(seen).toEqual(Array.from({ length: 60 }, (_, n) => `${key}#${n + 1}`));
  }
  expect(new Set(broker.log.map(({ messageId }) => messageId)).size).toBe(broker.log.length);
});

/** As a service does: change the row (which locks it), then say what it has become. */
async function writeForAll(keys: readonly string[], rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    for (const key of keys) {
      await db.sql.transaction(async (tx) => {
        const [row] = await tx.query<{ n: number }>('UPDATE shop.counters SET n = n + 1 WHERE key = $1 RETURNING n', [key]);
        await outbox.enqueue(tx, [{ key, kind: 'event', destination: 'd', payload: `${key}#${row?.n}` }]);
      });
    }
  }
}

test('a destination that refuses is tried again in order and by itself, and those to others go on, once each', async () => {
  const broker = new Broker();
  const errors: string[] = [];
  const refusals: unknown[] = [];
  let [faults, together] = [3, 0];
  const publish = (messages: readonly OutboxMessage[]): Promise<void> => {
    const isBad = messages.some(({ destination }) => destination === 'bad');
    if (isBad && messages.some(({ destination }) => destination === 'good')) together += 1;
    if (isBad && faults-- > 0) return Promise.reject(new Error('topic says no'));
    return broker.accept(messages);
  };
  for (const n of [1, 2, 3]) await say('poison', `bad ${n}`, 'bad');
  for (let n = 0; n < 40; n += 1) await say(`other ${n}`, `good ${n}`, 'good');
  const onError = (error: unknown, destination?: string): void => {
    errors.push(`${destination}: ${String(error)}`);
    refusals.push(carrier.refusals.map((refusal) => refusal.destination)); // told for some hundred milliseconds only
  };
  const carrier = relay(publish, { onError });
  await carrier.start();
  await eventually(() => expect(broker.log).toHaveLength(43));
  await eventually(() => expect(carrier.refusals).toEqual([]));
  await carrier.stop();
  expect(errors).toEqual(['bad: Error: topic says no', 'bad: Error: topic says no']);
  expect(refusals).toEqual([['bad'], ['bad']]);
  expect(together).toBe(1); // only the first time
  expect(broker.payloads().filter((payload) => payload.startsWith('bad'))).toEqual(['bad 1', 'bad 2', 'bad 3']);
});

test('more messages than a batch that nobody takes hold up none of the others in their shard', async () => {
  const broker = new Broker();
  const publish = (messages: readonly OutboxMessage[]): Promise<void> =>
    messages.some(({ destination }) => destination === 'bad') ? Promise.reject(new Error('no')) : broker.accept(messages);
  for (let n = 0; n < 12; n += 1) await say('k', `bad ${n}`, 'bad');
  for (let n = 0; n < 12; n += 1) await say('k', `good ${n}`, 'good');
  const carrier = relay(publish, { batchSize: 5, onError: () => undefined });
  await carrier.start();
  await eventually(() => expect(broker.payloads()).toEqual(Array.from({ length: 12 }, (_, n) => `good ${n}`)));
  await carrier.stop();
  expect(await outbox.pending(db.sql)).toMatchObject({ count: 12 });
});

test('what a broker says it took does not go out again for the sake of the rest', async () => {
  const broker = new Broker();
  let refuses = true;
  const publish = async (messages: readonly OutboxMessage[]): Promise<void> => {
    const bad = messages.flatMap(({ destination }, index) => (destination === 'bad' && refuses ? [index] : []));
    await broker.accept(messages.filter((_, index) => !bad.includes(index)));
    if (bad.length > 0) throw new PartlyPublished(new Map(bad.map((index) => [index, new Error('it says no')])));
  };
  for (let n = 0; n < 10; n += 1) await say('k', `${n}`, n % 2 === 0 ? 'good' : 'bad');
  const carrier = relay(publish);
  await expect(carrier.flush()).rejects.toThrow('it says no');
  expect(broker.payloads()).toEqual(['0', '2', '4', '6', '8']);
  refuses = false;
  await carrier.flush();
  expect(broker.payloads().slice(5)).toEqual(['1', '3', '5', '7', '9']);
});

test('while the broker is away nothing is tried one by one, and when it is back all leave in order', async () => {
  const broker = new Broker();
  let [away, calls] = [true, 0];
  const publish = (messages: readonly OutboxMessage[]): Promise<void> => {
    calls += 1;
    return away ? Promise.reject(new LostConnection('broker is away', 'unknown', { cause: undefined })) : broker.accept(messages);
  };
  for (let n = 0; n < 20; n += 1) await say('k', `${n}`, `topic ${n % 5}`);
  const carrier = relay(publish, { onError: () => undefined });
  await carrier.start();
  await eventually(() => expect(calls).toBeGreaterThan(2));
  expect(carrier.refusals).toMatchObject([{ destination: undefined }]);
  away = false;
  await eventually(() => expect(broker.payloads()).toEqual(Array.from({ length: 20 }, (_, n) => `${n}`)));
  await eventually(() => expect(carrier.refusals).toEqual([]));
  expect(calls).toBeLessThan(10); // not once for each topic
  await carrier.stop();
});

test('what can never leave is set aside with its reason, the others of its shard leave, and it goes out when it is sent again', async () => {
  const broker = new Broker();
  let takesAll = false;
  const publish = (messages: readonly OutboxMessage[]): Promise<void> => {
    const large = messages.flatMap(({ payload }, index) => (payload === 'large' && !takesAll ? [index] : []));
    if (large.length > 0) return Promise.reject(new CannotLeave(new Map(large.map((index) => [index, 'It is too large.']))));
    return broker.accept(messages);
  };
  for (const payload of ['before', 'large', 'after']) await say('k', payload);
  const told: SetAsideMessage[] = [];
  const carrier = relay(publish, { onSetAside: (messages) => told.push(...messages) });
  await carrier.flush();
  expect(broker.payloads()).toEqual(['before', 'after']);
  expect(told).toMatchObject([{ reason: 'It is too large.' }]);
  expect(await outbox.setAside(db.sql, 10)).toEqual({ count: 1, reason: 'It is too large.' });
  takesAll = true;
  expect(await db.sql.query('SELECT shop.send_set_aside() AS sent')).toEqual([{ sent: 1 }]);
  await carrier.flush();
  expect(broker.payloads()).toEqual(['before', 'after', 'large']);
  expect(await outbox.setAside(db.sql, 10)).toBeUndefined();
});

test('a database that goes away while a destination is paused is asked with growing pauses, not in a loop', async () => {
  const leaving = await openSql(db.url, { poolSize: 2 });
  const failedAt: number[] = [];
  const onError = (_error: unknown, destination?: string): void => {
    if (destination === undefined) failedAt.push(performance.now());
  };
  await say('k', 'bad', 'bad');
  const carrier = relay(() => Promise.reject(new Error('it says no')), { sql: leaving, onError });
  await carrier.start();
  await eventually(() => expect(carrier.refusals).toMatchObject([{ destination: 'bad' }]));
  await leaving.close();
  await eventually(() => expect(failedAt.length).toBeGreaterThanOrEqual(3));
  const [first = 0, , third = 0] = failedAt;
  expect(third - first).toBeGreaterThan(250); // 100 and 200 ms
  await carrier.stop();
});

test('a relay that looks rarely is woken by an announcement from another process', async () => {
  const broker = new Broker();
  const carrier = relay(broker.accept, { pollMs: 60_000 });
  await carrier.start();
  const other = await openSql(db.url, { poolSize: 1 });
  await outbox.enqueue(other, [{ key: 'k', kind: 'event', destination: 'd', payload: 'woken' }]);
  await outbox.announce(other);
  await eventually(() => expect(broker.payloads()).toEqual(['woken']));
  await carrier.stop();
  await other.close();
});

test('flush tries every destination and then throws the failure', async () => {
  for (let n = 0; n < 20; n += 1) await say(`k${n}`, `${n}`, `topic ${n % 4}`);
  const alone = new Set<string>();
  const failing = relay((messages) => {
    const destinations = new Set(messages.map(({ destination }) => destination));
    if (destinations.size === 1) destinations.forEach((destination) => alone.add(destination));
    return Promise.reject(new Error('it says no'));
  });
  await expect(failing.flush()).rejects.toThrow('it says no');
  expect(alone.size).toBe(4);
  expect(await outbox.pending(db.sql)).toMatchObject({ count: 20 });
});
