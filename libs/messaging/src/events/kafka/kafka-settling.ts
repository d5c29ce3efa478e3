import { setTimeout as delay } from 'node:timers/promises';
import { backOffMs } from '../../back-off.ts';

const RETRY = { firstMs: 50, longestMs: 500 };
/** Brokers agree within milliseconds; a machine that starts everything at once takes some seconds. */
const SETTLED_MS = 15_000;

/**
 * Asks again while brokers do not agree yet about who leads what: right after a topic was made, and while a leader moves, one of them says
 * that it does not know the partition or does not lead it. Any other failure is thrown at once, and this one when it lasts.
 */
export async function whenSettled<T>(ask: () => Promise<T>): Promise<T> {
  const end = Date.now() + SETTLED_MS;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      if (!isUnsettled(error) || Date.now() > end) throw error;
      await delay(backOffMs(attempt, RETRY));
    }
  }
}

const UNSETTLED = new Set([
  'UNKNOWN_TOPIC_OR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
  'REPLICA_NOT_AVAILABLE',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
]);

/** By kafkajs' names of the broker's error codes. */
function isUnsettled(error: unknown): boolean {
  const { type } = error as { type?: unknown };
  return typeof type === 'string' && UNSETTLED.has(type);
}
