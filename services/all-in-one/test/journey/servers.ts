/** The servers behind services that are processes of their own. Others are tried by opening others. */
import { join } from 'node:path';
import { startServer } from '@roofshot/testing/start-server';
import type { ServerUrls } from './platform.ts';

export interface Servers {
  readonly urls: ServerUrls & { readonly SQL_URL: string };
  /** After a stop: again at the same addresses, with all that they had. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

export type OpenServers = (folder: string) => Promise<Servers>;

/** Six processes keep more connections than the hundred of one. */
const SETTINGS = { max_connections: '250' };

/** A PostgreSQL for events, commands, state and online values, and a folder for objects. */
export async function postgresAndFolder(folder: string): Promise<Servers> {
  const server = await startServer('postgres', { folder: join(folder, 'postgres'), settings: SETTINGS });
  const { url } = server;
  return {
    urls: { SQL_URL: url, EVENTS_URL: url, COMMANDS_URL: url, ONLINE_URL: url, OBJECTS_URL: `file:${join(folder, 'objects')}` },
    start: () => server.restart(),
    stop: () => server.stop(),
  };
}

/** Kafka, RabbitMQ, PostgreSQL, Redis and an S3-compatible store. */
export async function brokersAndStores(folder: string): Promise<Servers> {
  const start = (name: Parameters<typeof startServer>[0], settings = {}): ReturnType<typeof startServer> =>
    startServer(name, { folder: join(folder, name), settings });
  const [sql, kafka, rabbitmq, redis, s3] = await Promise.all([
    start('postgres', SETTINGS),
    start('kafka'),
    start('rabbitmq'),
    start('redis'),
    start('s3'),
  ]);
  const servers = [sql, kafka, rabbitmq, redis, s3];
  const objects = new URL(s3.url);
  objects.searchParams.set('cache', join(folder, 'objects'));
  return {
    urls: {
      SQL_URL: sql.url,
      EVENTS_URL: `${kafka.url}?partitions=2`,
      COMMANDS_URL: rabbitmq.url,
      ONLINE_URL: redis.url,
      OBJECTS_URL: objects.href,
    },
    start: async () => void (await Promise.all(servers.map((server) => server.restart()))),
    stop: async () => void (await Promise.all(servers.map((server) => server.stop()))),
  };
}
