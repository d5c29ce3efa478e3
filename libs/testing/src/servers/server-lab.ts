// What tests of the servers do with each: leave something there, and look for it.
import { Client } from '@elastic/elasticsearch';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { quietRequestQueue } from '@roofshot/messaging/quiet-kafkajs';
import { connect, type ChannelModel, type ConsumeMessage } from 'amqplib';
import { Redis } from 'ioredis';
import { Kafka, logLevel } from 'kafkajs';
import pg from 'pg';
import type { ServerName } from './server-kind.ts';

export interface ServerUse {
  write(url: string, text: string): Promise<void>;
  /** The text that was written last. */
  read(url: string): Promise<string>;
}

const NAME = 'kept';

export const USES: Readonly<Record<ServerName, ServerUse>> = {
  kafka: { write: writeKafka, read: readKafka },
  rabbitmq: { write: writeRabbitMq, read: readRabbitMq },
  redis: {
    write: (url, text) => withRedis(url, async (redis) => void (await redis.set(NAME, text))),
    read: (url) => withRedis(url, async (redis) => (await redis.get(NAME)) ?? 'nothing'),
  },
  s3: {
    write: (url, text) => withS3(url, async (s3, Bucket) => void (await s3.send(new PutObjectCommand({ Bucket, Key: NAME, Body: text })))),
    read: (url) =>
      withS3(url, async (s3, Bucket) => {
        const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: NAME }));
        return (await Body?.transformToString()) ?? 'nothing';
      }),
  },
  elasticsearch: {
    write: (url, text) => withElasticsearch(url, async (client) => void (await client.index({ index: NAME, id: '1', document: { text } }))),
    read: (url) =>
      withElasticsearch(url, async (client) => (await client.get<{ text: string }>({ index: NAME, id: '1' }))._source?.text ?? ''),
  },
  postgres: {
    write: (url, text) =>
      withPostgres(url, async (client) => void (await client.query(`CREATE TABLE ${NAME} AS SELECT $1::text AS text`, [text]))),
    read: (url) =>
      withPostgres(url, async (client) => (await client.query<{ text: string }>(`SELECT text FROM ${NAME}`)).rows[0]?.text ?? ''),
  },
};

export function kafkaClient(url: string): Kafka {
  quietRequestQueue();
  return new Kafka({ clientId: 'server-test', brokers: [new URL(url.replace(/^kafka:/, 'http:')).host], logLevel: logLevel.NOTHING });
}

async function writeKafka(url: string, text: string): Promise<void> {
  const [admin, producer] = [kafkaClient(url).admin(), kafkaClient(url).producer()];
  await Promise.all([admin.connect(), producer.connect()]);
  await admin.createTopics({ topics: [{ topic: NAME, numPartitions: 1 }], waitForLeaders: true });
  await producer.send({ topic: NAME, acks: -1, messages: [{ value: text }] });
  await Promise.all([admin.disconnect(), producer.disconnect()]);
}

async function readKafka(url: string): Promise<string> {
  const consumer = kafkaClient(url).consumer({ groupId: `reader-${Date.now()}`, maxWaitTimeInMs: 50 });
  await consumer.connect();
  await consumer.subscribe({ topic: NAME, fromBeginning: true });
  const found = new Promise<string>((resolve) => {
    void consumer.run({ eachMessage: async ({ message }) => resolve(String(message.value)) });
  });
  try {
    return await found;
  } finally {
    await consumer.disconnect();
  }
}

async function writeRabbitMq(url: string, text: string): Promise<void> {
  await withRabbitMq(url, async (connection) => {
    const channel = await connection.createConfirmChannel();
    await channel.assertQueue(NAME, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
    channel.sendToQueue(NAME, Buffer.from(text), { persistent: true });
    await channel.waitForConfirms();
  });
}

/** The message stays in its queue. */
async function readRabbitMq(url: string): Promise<string> {
  return withRabbitMq(url, async (connection) => {
    const channel = await connection.createChannel();
    const message = await new Promise<ConsumeMessage | null>((resolve, reject) => {
      connection.on('error', reject);
      channel.consume(NAME, resolve).catch(reject);
    });
    if (message !== null) channel.nack(message, false, true);
    return message?.content.toString('utf8') ?? 'nothing';
  });
}

async function withRabbitMq<T>(url: string, use: (connection: ChannelModel) => Promise<T>): Promise<T> {
  const connection = await connect(url);
  try {
    return await use(connection);
  } finally {
    await connection.close().catch(() => undefined); // it was closed by the fault that is thrown
  }
}

async function withRedis<T>(url: string, use: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { maxRetriesPerRequest: 3, disconnectTimeout: 1 });
  try {
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}

export async function withS3<T>(url: string, use: (s3: S3Client, bucket: string) => Promise<T>): Promise<T> {
  const { hostname, username, password, searchParams } = new URL(url);
  const endpoint = searchParams.get('endpoint') ?? '';
  const region = searchParams.get('region') ?? '';
  const s3 = new S3Client({ endpoint, region, forcePathStyle: true, credentials: { accessKeyId: username, secretAccessKey: password } });
  try {
    return await use(s3, hostname);
  } finally {
    s3.destroy();
  }
}

async function withElasticsearch<T>(url: string, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ node: url });
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

async function withPostgres<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined); // what is asked next tells it
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
