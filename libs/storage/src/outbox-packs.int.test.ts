/** Messages that a transaction says to one place lie in one row. */
import type { TestDatabase } from '@roofshot/testing/postgres';
import { databaseWithDelivery } from '../test/delivery-schema.ts';
import { CannotLeave, OutboxRelay, type OutboxRelayOptions } from './outbox-relay.ts';
import { Outbox, type OutboxMessage } from './outbox.ts';

const outbox = new Outbox('shop');
let db: TestDatabase;
beforeAll(async () => (db = await databaseWithDelivery()));
beforeEach(() => db.sql.query('TRUNCATE shop.outbox RESTART IDENTITY'));
afterAll(() => db.drop());

async function carry(publish: OutboxRelayOptions['publish'], batchSize = 500): Promise<void> {
  const onError = (error: unknown): void => {
    throw error;
  };
  await new OutboxRelay({ sql: db.sql, schema: 'shop', publish, onError, onSetAside: () => undefined, batchSize }).flush();
}

describe('messages in packs', () => {
  const sayPack = (key: string, payloads: readonly string[]): Promise<void> =>
    db.sql.transaction((tx) =>
      outbox.enqueue(tx, [{ key, kind: 'event', destination: 'd', payload: JSON.stringify(payloads), size: payloads.length }]),
    );
  const sayOne = (key: string, payload: string): Promise<void> =>
    db.sql.transaction((tx) => outbox.enqueue(tx, [{ key, kind: 'event', destination: 'd', payload }]));

  test('have a number each, above all that their stream has sent before', async () => {
    const log: OutboxMessage[] = [];
    const accept = (messages: readonly OutboxMessage[]): Promise<void> => Promise.resolve(void log.push(...messages));
    await sayPack('k', ['a', 'b', 'c']);
    await sayOne('k', '"d"');
    await sayPack('k', ['e', 'f']);
    expect(await outbox.waiting(db.sql, 10)).toBe(6);
    expect(await outbox.waiting(db.sql, 4)).toBe(5);
    await carry(accept);
    await sayOne('k', '"g"');
    await carry(accept);
    const [first, second, third, fourth] = log.map(({ sequence }) => sequence);
    expect([second, third]).toEqual([(first ?? 0) + 3, (first ?? 0) + 4]);
    expect(fourth).toBeGreaterThan((third ?? 0) + 1);
    expect(log.map(({ size }) => size)).toEqual([3, 1, 2, 1]);
  });

  test('leave in parts that fit into memory, all of them and in order', async () => {
    const parts: number[] = [];
    const seen: string[] = [];
    const large = 'x'.repeat(200);
    for (let n = 0; n < 30; n += 1) await sayPack('k', [`${n}a`, `${n}b`, large]);
    const publish = (messages: readonly OutboxMessage[]): Promise<void> => {
      parts.push(messages.reduce((sum, { size }) => sum + size, 0));
      seen.push(...messages.flatMap(({ payload }) => (JSON.parse(payload) as string[]).slice(0, 2)));
      return Promise.resolve();
    };
    await carry(publish, 10);
    expect(Math.max(...parts)).toBe(12); // packs are not cut
    expect(seen).toEqual(Array.from({ length: 30 }, (_, n) => [`${n}a`, `${n}b`]).flat());
  });

  test('and single messages leave in parts that fit into memory also where the database keeps them small', async () => {
    const parts: number[] = [];
    const large = JSON.stringify('x'.repeat(900_000));
    for (let n = 0; n < 12; n += 1) await sayOne('k', large);
    await carry((messages) => Promise.resolve(void parts.push(messages.length)));
    expect(parts.reduce((sum, part) => sum + part, 0)).toBe(12);
    expect(Math.max(...parts)).toBe(5); // the one that passes 4 MB is the last
  });

  test('that hold something which can never leave are taken apart, and the rest leaves in its place', async () => {
    const sent: [number, unknown][] = [];
    const publish = (messages: readonly OutboxMessage[]): Promise<void> => {
      const bad = messages.flatMap(({ payload }, index) => (payload.includes('bad') ? [index] : []));
      if (bad.length > 0) return Promise.reject(new CannotLeave(new Map(bad.map((index) => [index, 'It is bad.']))));
      for (const { sequence, size, payload } of messages) {
        const values = size === 1 ? [JSON.parse(payload) as unknown] : (JSON.parse(payload) as unknown[]);
        sent.push(...values.map((value, place): [number, unknown] => [sequence + place, value]));
      }
      return Promise.resolve();
    };
    await sayPack('k', ['1', '2']);
    await sayPack('k', ['3', 'bad', '5\u0000 ü "']);
    await sayPack('k', ['6']);
    await carry(publish);
    const [[start] = [0]] = sent;
    expect(sent.map(([sequence, value]) => [sequence - start, value])).toEqual([
      [0, '1'],
      [1, '2'],
      [2, '3'],
      [4, '5\u0000 ü "'],
      [5, ['6']],
    ]);
    expect(await outbox.setAside(db.sql, 10)).toEqual({ count: 1, reason: 'It is bad.' });
    await db.sql.query('DELETE FROM shop.outbox_set_aside');
  });
});
