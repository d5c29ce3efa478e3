import type { Channel, ConsumeMessage, Message } from 'amqplib';
import { backOffMs, pause } from '../../back-off.ts';
import { unknownQueue } from '../unknown-queue.ts';
import { lostRabbit } from './rabbit-client.ts';
import type { RabbitConnection } from './rabbit-connection.ts';
import { codeOf, deadQueueOf, LOCKED, lookQueueOf, queueExists } from './rabbit-topology.ts';

/** As many as AMQP can hand out without an acknowledgement. Of more, the oldest are seen. */
export const MOST_DEAD_LETTERS = 65_535;
/** Others look at most for seconds. */
const TURN_MS = 15_000;
const HAND_OUT_MS = 30_000;
const HAND_BACK_MS = 2_000;
const LOOK_AGAIN = { firstMs: 5, longestMs: 200 };

/** How many lie there; throws when there is no such queue. */
export async function countDeadLetters(connection: RabbitConnection, queue: string): Promise<number> {
  const { messageCount } = await connection.withChannel((channel) => channel.checkQueue(deadQueueOf(queue)));
  return messageCount;
}

/**
 * Hands the dead letters of a queue to `choose`, and removes those that it answers; the others stay. A queue of AMQP can only be read
 * by taking, so they are taken, and given back. Meanwhile nobody else would see them, so one looks at a time: it holds a queue that only
 * its connection may use, and that ends with it.
 */
export async function visitDeadLetters(
  connection: RabbitConnection,
  queue: string,
  choose: (letters: readonly Message[]) => Promise<readonly Message[]>,
  most = MOST_DEAD_LETTERS,
): Promise<void> {
  const exists = await connection.withChannel((channel) => queueExists(channel, queue));
  if (!exists) throw unknownQueue(queue);
  await takeTurn(connection, queue);
  try {
    await connection.withChannel((channel) => visit(channel, { deadQueue: deadQueueOf(queue), most }, choose));
  } finally {
    await connection.withChannel((channel) => channel.deleteQueue(lookQueueOf(queue)));
  }
}

async function takeTurn(connection: RabbitConnection, queue: string): Promise<void> {
  const patience = AbortSignal.timeout(TURN_MS);
  for (let attempt = 1; ; attempt += 1) {
    try {
      await connection.withChannel((channel) => channel.assertQueue(lookQueueOf(queue), { exclusive: true, durable: false }));
      return;
    } catch (error) {
      if (codeOf(error) !== LOCKED) throw error;
      if (patience.aborted)
        throw new Error(`The dead letters of "${queue}" have been looked at by another process for ${TURN_MS / 1_000} s. Try again.`, {
          cause: error,
        });
      await pause(backOffMs(attempt, LOOK_AGAIN), patience);
    }
  }
}

async function visit(
  channel: Channel,
  { deadQueue, most }: { readonly deadQueue: string; readonly most: number },
  choose: (letters: readonly Message[]) => Promise<readonly Message[]>,
): Promise<void> {
  const { messageCount } = await channel.checkQueue(deadQueue);
  if (messageCount === 0) return void (await choose([]));
  const letters = await takeAll(channel, deadQueue, Math.min(messageCount, most));
  const removed = await choose(letters).catch(async (error: unknown) => {
    await handBack(channel, deadQueue, letters.length).catch(() => undefined); // what failed first is the cause
    throw error;
  });
  for (const letter of removed) channel.ack(letter);
  await handBack(channel, deadQueue, letters.length - removed.length);
}

/** Exactly so many, or more when some died meanwhile. */
async function takeAll(channel: Channel, deadQueue: string, count: number): Promise<Message[]> {
  const letters: Message[] = [];
  const enough = Promise.withResolvers<void>();
  const failed = (): void => enough.reject(lostRabbit('RabbitMQ ended the look at the dead letters. Try again.', 'not applied'));
  const hear = (letter: ConsumeMessage | null): void => {
    if (letter === null) return failed();
    letters.push(letter);
    if (letters.length >= count) enough.resolve();
  };
  const timer = setTimeout(failed, HAND_OUT_MS);
  channel.on('close', failed);
  try {
    await channel.prefetch(count);
    const { consumerTag } = await channel.consume(deadQueue, hear);
    await enough.promise;
    await channel.cancel(consumerTag);
    return letters;
  } finally {
    clearTimeout(timer);
    channel.off('close', failed);
  }
}

/** What is left; waited for, so that whoever looks next sees it. Where it takes longer, it comes all the same. */
async function handBack(channel: Channel, deadQueue: string, count: number): Promise<void> {
  if (count === 0) return;
  channel.nackAll(true);
  const patience = AbortSignal.timeout(HAND_BACK_MS);
  for (let attempt = 1; !patience.aborted; attempt += 1) {
    if ((await channel.checkQueue(deadQueue)).messageCount >= count) return;
    await pause(backOffMs(attempt, LOOK_AGAIN), patience);
  }
}
