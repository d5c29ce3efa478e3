import { openSql } from '../src/open-sql.ts';
import { OutboxRelay } from '../src/outbox-relay.ts';
import { Outbox, type OutboxMessage } from '../src/outbox.ts';
import type { Sql } from '../src/sql.ts';
import { databaseWithDelivery } from './delivery-schema.ts';

const outbox = new Outbox('shop');

async function say(sql: Sql, ...payloads: string[]): Promise<void> {
  await outbox.enqueue(
    sql,
    payloads.map((payload) => ({ key: 'k', kind: 'event' as const, destination: 'd', payload })),
  );
}

/** Sends what waits; `answers` false: all of it arrives, and the relay never hears so. */
async function carry(sql: Sql, answers = true): Promise<OutboxMessage[]> {
  const sent: OutboxMessage[] = [];
  const publish = (messages: readonly OutboxMessage[]): Promise<void> => {
    sent.push(...messages);
    return answers ? Promise.resolve() : Promise.reject(new Error('no answer'));
  };
  const relay = new OutboxRelay({ sql, schema: 'shop', publish, onError: () => undefined, onSetAside: () => undefined });
  await relay.flush().catch(() => undefined);
  return sent;
}

function numbers(messages: readonly OutboxMessage[]): number[] {
  return messages.map(({ sequence }) => sequence);
}

test('a database that was restored from a backup sends what is new under numbers that it never sent, and what it had numbered under the same', async () => {
  const db = await databaseWithDelivery();
  const name = new URL(db.url).pathname.slice(1);
  const admin = await openSql(new URL('/postgres', db.url).href, { poolSize: 1 });
  await say(db.sql, 'before 1', 'before 2');
  await carry(db.sql);
  await say(db.sql, 'unanswered');
  const unanswered = await carry(db.sql, false);
  const identity = await db.sql.identity();
  await db.sql.close();
  await admin.query(`CREATE DATABASE ${name}_backup TEMPLATE ${name}`);

  const running = await openSql(db.url, { poolSize: 2 });
  await say(running, ...Array.from({ length: 50 }, (_, n) => `after ${n}`));
  const lost = await carry(running);
  await running.close();
  await admin.query(`DROP DATABASE ${name}`);
  await admin.query(`ALTER DATABASE ${name}_backup RENAME TO ${name}`);

  const restored = await openSql(db.url, { poolSize: 2 });
  expect(await restored.identity()).toBe(identity); // readers take it for the same stream
  await say(restored, 'new 1', 'new 2');
  const [again, ...fresh] = await carry(restored);
  expect(again).toMatchObject({ payload: 'unanswered', sequence: unanswered[0]?.sequence });
  expect(fresh.map(({ payload }) => payload)).toEqual(['new 1', 'new 2']);
  expect(Math.min(...numbers(fresh))).toBeGreaterThan(Math.max(...numbers(lost)));
  await restored.close();
  await admin.close();
  await db.drop();
});
