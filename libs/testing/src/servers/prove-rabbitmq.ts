import { connect } from 'amqplib';

const CONNECT_MS = 5_000;
const QUEUE = `roofshot-ready-${process.pid}`;

/** Declares a quorum queue, sends one message until it is confirmed, takes it back, and removes the queue. */
export async function proveRabbitMq(url: string): Promise<void> {
  const connection = await connect(url, { timeout: CONNECT_MS });
  // A connection that is cut also tells it here; the call that waits for an answer tells it, too.
  connection.on('error', () => undefined);
  try {
    const channel = await connection.createConfirmChannel();
    channel.on('error', () => undefined);
    await channel.assertQueue(QUEUE, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
    channel.sendToQueue(QUEUE, Buffer.from('ready'), { persistent: true });
    await channel.waitForConfirms();
    const message = await channel.get(QUEUE, { noAck: true });
    if (message === false) throw new Error('a confirmed message was not in its queue');
    await channel.deleteQueue(QUEUE);
  } finally {
    await connection.close();
  }
}
