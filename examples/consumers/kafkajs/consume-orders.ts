// Plain kafkajs. Node 24 runs it as it is: node consume-orders.ts
import kafkajs from 'kafkajs';
import { OrderTotals, type OrderRecord } from '../order-totals.ts';

const { BROKERS = 'localhost:9092', TOPIC = 'events.order.placed', GROUP = 'order-totals', DATABASE = 'orders.sqlite' } = process.env;

const totals = new OrderTotals(DATABASE);
const kafka = new kafkajs.Kafka({ clientId: GROUP, brokers: BROKERS.split(','), logLevel: kafkajs.logLevel.WARN });
// After a kill -9 its partitions wait until the session is over.
const consumer = kafka.consumer({ groupId: GROUP, sessionTimeout: 10_000, maxWaitTimeInMs: 500 });

function recordOf(topic: string, partition: number, message: kafkajs.KafkaMessage): OrderRecord {
  const headers = Object.fromEntries(Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]));
  return { topic, partition, offset: message.offset, headers, value: String(message.value) };
}

const stop = (signal: string): void => {
  console.error(`${signal}: finishing the batch`);
  consumer
    .disconnect() // waits for the batch that runs
    .then(() => totals.close())
    .catch((error: unknown) => {
      console.error(error);
      process.exitCode = 1;
    });
};
process.once('SIGTERM', stop);
process.once('SIGINT', stop);

// Without this the process would live on and read nothing.
consumer.on('consumer.crash', ({ payload: { error, restart } }) => {
  console.error(error.message);
  if (!restart) process.exit(1);
});

await consumer.connect();
await consumer.subscribe({ topics: [TOPIC], fromBeginning: true }); // of a group that has no position yet
await consumer.run({
  autoCommit: false,
  eachBatchAutoResolve: false,
  eachBatch: async ({ batch: { topic, partition, messages }, resolveOffset, heartbeat, isRunning, isStale }) => {
    const last = messages.at(-1);
    if (last === undefined || !isRunning() || isStale()) return;
    totals.take(messages.map((message) => recordOf(topic, partition, message)));
    resolveOffset(last.offset);
    // The position is the next record to read, and it is committed after the effect.
    await consumer.commitOffsets([{ topic, partition, offset: String(BigInt(last.offset) + 1n) }]);
    await heartbeat();
  },
});
