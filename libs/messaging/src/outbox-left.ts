import { setTimeout as delay } from 'node:timers/promises';
import type { Outbox } from '@roofshot/storage/outbox';
import type { Sql } from '@roofshot/storage/sql';

const LOOK_MS = 50;

/** True once all that was said before the call has left the outbox; false when it has not within the time. What is said meanwhile does not count. */
export async function outboxLeft(sql: Sql, outbox: Outbox, withinMs: number): Promise<boolean> {
  const [asked] = await sql.query<{ now: Date }>('SELECT clock_timestamp() AS now');
  const end = performance.now() + withinMs;
  for (;;) {
    const { oldest } = await outbox.pending(sql);
    if (oldest === undefined || asked === undefined || oldest > asked.now) return true;
    if (performance.now() > end) return false;
    await delay(LOOK_MS);
  }
}
