import { randomUUID } from 'node:crypto';
import type { Channel } from 'amqplib';
import { ServerRefusal } from '@roofshot/storage/sql-errors';

/**
 * What a delay is rounded up to: a queue for each, whose messages go back to the command's queue when their time is over. Times of
 * single messages in one queue would not do: RabbitMQ looks at the first message only, and a short delay would wait behind a long one.
 */
export const DELAY_STEPS_MS = [100, 500, 1_000, 2_000, 5_000, 15_000, 60_000, 600_000] as const;
const LONGEST_MS = 600_000;

/** A delivery that ended without an outcome so often (the consumer died, its channel broke) makes a dead letter, whoever consumes. */
export const DELIVERY_LIMIT = 20;
/** Dead letters are looked at as often as anybody likes. RabbitMQ 4 has a limit where none is given, and 3 knows no word for none. */
const NO_LIMIT = 1_000_000_000;

export const deadQueueOf = (queue: string): string => `${queue}.dead`;
/** Held by whoever looks at the dead letters: see visitDeadLetters. */
export const lookQueueOf = (queue: string): string => `${queue}.dead.look`;
export const delayQueueOf = (queue: string, stepMs: number): string => `${queue}.delay.${stepMs}ms`;

/** Everything that `declareQueue` makes. */
export function queuesOf(queue: string): string[] {
  return [deadQueueOf(queue), ...DELAY_STEPS_MS.map((stepMs) => delayQueueOf(queue, stepMs)), queue];
}

/** The queue to wait in, and what is left to wait after it: longer delays than the longest pass through it several times. */
export function delayFor(delayMs: number): { readonly stepMs: number; readonly leftMs: number } {
  const stepMs = DELAY_STEPS_MS.find((step) => step >= delayMs) ?? LONGEST_MS;
  return { stepMs, leftMs: Math.max(0, delayMs - stepMs) };
}

/**
 * Makes the queue, its delays and its dead letters where they are missing: quorum queues, which a crash of the broker, or of one node of a
 * cluster, takes nothing from; also what goes from one to another is kept by the first until the second has confirmed it. Answers how many commands wait.
 */
export async function declareQueue(channel: Channel, queue: string): Promise<number> {
  const declare = async (name: string, args: Readonly<Record<string, unknown>>): Promise<number> => {
    const { messageCount } = await explained(
      name,
      channel.assertQueue(name, { durable: true, arguments: { 'x-queue-type': 'quorum', ...args } }),
    );
    return messageCount;
  };
  await declare(deadQueueOf(queue), { 'x-delivery-limit': NO_LIMIT });
  const delayed = DELAY_STEPS_MS.map((stepMs) => declare(delayQueueOf(queue, stepMs), { ...safelyTo(queue), 'x-message-ttl': stepMs }));
  const ready = await Promise.all([...delayed, declare(queue, { ...safelyTo(deadQueueOf(queue)), 'x-delivery-limit': DELIVERY_LIMIT })]);
  return ready.reduce((sum, count) => sum + count, 0);
}

/**
 * Throws `ServerRefusal` when this user may not send to such a queue or take from it. RabbitMQ asks for both rights when a queue with dead
 * letters is made, but not when it finds it made: so one is made beside it for a moment.
 */
export async function proveRights(channel: Channel, queue: string): Promise<void> {
  const name = `${queue}.rights.${randomUUID()}`;
  await explained(queue, channel.assertQueue(name, { exclusive: true, arguments: { 'x-dead-letter-exchange': '' } }));
  await channel.deleteQueue(name);
}

export async function queueExists(channel: Channel, queue: string): Promise<boolean> {
  try {
    await explained(queue, channel.checkQueue(queue));
    return true;
  } catch (error) {
    if (codeOf(error) === NOT_FOUND) return false;
    throw error;
  }
}

const NOT_FOUND = 404;
export const LOCKED = 405;

export function codeOf(error: unknown): number | undefined {
  const code: unknown = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'number' ? code : undefined;
}

function safelyTo(queue: string): Readonly<Record<string, unknown>> {
  return {
    'x-dead-letter-exchange': '',
    'x-dead-letter-routing-key': queue,
    'x-dead-letter-strategy': 'at-least-once',
    'x-overflow': 'reject-publish', // without it RabbitMQ falls back to at most once
  };
}

async function explained<T>(queue: string, declaring: Promise<T>): Promise<T> {
  try {
    return await declaring;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const remedy = REMEDIES.get(codeOf(error) ?? 0);
    if (remedy === undefined) throw error;
    throw new ServerRefusal(`RabbitMQ (COMMANDS_URL) refuses the queue "${queue}": ${reason}. ${remedy}`, { cause: error });
  }
}

const REMEDIES: ReadonlyMap<number, string> = new Map([
  [403, 'Give the user of COMMANDS_URL the rights to configure, write and read it (rabbitmqctl set_permissions).'],
  [406, 'It was made in another way, by hand or by another version: let it run empty and delete it, and it is made again.'],
]);
