import { quietRequestQueue } from '@roofshot/messaging/quiet-kafkajs';
import { Kafka, logLevel, type Admin } from 'kafkajs';

const REQUEST_MS = 3_000;
const CONSUME_MS = 15_000;

/** One name for all tries of this process, so that tries which fail leave only one topic behind. */
const NAME = `roofshot-ready-${process.pid}`;

/** Makes a topic, sends one record, has it consumed by a group, and removes both. */
export async function proveKafka(url: string): Promise<void> {
  quietRequestQueue();
  const client = new Kafka({
    clientId: 'roofshot-test-server',
    brokers: [new URL(url.replace(/^kafka:/, 'http:')).host],
    logLevel: logLevel.NOTHING,
    connectionTimeout: REQUEST_MS,
    requestTimeout: CONSUME_MS,
    retry: { retries: 0 },
  });
  const admin = client.admin();
  await admin.connect();
  try {
    await passOneRecord(client, admin, NAME);
  } finally {
    await admin.disconnect();
  }
}

async function passOneRecord(client: Kafka, admin: Admin, name: string): Promise<void> {
  await admin.createTopics({ topics: [{ topic: name, numPartitions: 1 }], waitForLeaders: false });
  // The first question about any group makes Kafka lay out where it keeps groups; a consumer that joins meanwhile hangs for long.
  await admin.fetchOffsets({ groupId: name, topics: [name] });
  const producer = client.producer({ retry: { retries: 8, initialRetryTime: 50 } });
  const consumer = client.consumer({ groupId: name, maxWaitTimeInMs: 50, retry: { retries: 20, initialRetryTime: 50, maxRetryTime: 500 } });
  try {
    await producer.connect();
    await producer.send({ topic: name, messages: [{ value: name }] });
    await consumer.connect();
    await consumer.subscribe({ topic: name, fromBeginning: true });
    await firstRecord((eachMessage) => consumer.run({ eachMessage }));
  } finally {
    await Promise.all([producer.disconnect(), consumer.disconnect()]);
  }
  await admin.deleteGroups([name]);
  await admin.deleteTopics({ topics: [name] });
}

function firstRecord(run: (eachMessage: () => Promise<void>) => Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no record was consumed within ${CONSUME_MS / 1000} s`)), CONSUME_MS);
    const done = async () => {
      clearTimeout(timer);
      resolve();
    };
    run(done).catch(reject);
  });
}
