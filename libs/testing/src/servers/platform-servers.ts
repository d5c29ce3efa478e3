import { join } from 'node:path';
import type { RunningServer } from './running-server.ts';
import type { ServerName } from './server-kind.ts';
import { startServer } from './start-server.ts';

/** The keys of the environment that name what stands behind the services. */
export type ServerKey = 'SQL_URL' | 'EVENTS_URL' | 'COMMANDS_URL' | 'ONLINE_URL' | 'OBJECTS_URL' | 'ELASTICSEARCH_URL';

/** What is not named is embedded, or not there. */
export type ServerUrls = Readonly<Partial<Record<ServerKey, string>>>;

export interface PlatformServers {
  readonly urls: ServerUrls & { readonly SQL_URL: string };
  /** After a stop: again at the same addresses, with all that they had. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** More than one process of a platform keeps; six keep about two hundred. */
const CONNECTIONS = { max_connections: '250' };

/**
 * Starts Kafka, RabbitMQ, PostgreSQL, Redis, an S3-compatible store and Elasticsearch of the caller's own, each with its data below
 * `folder`. Fetches the programs where they are missing.
 * @throws with what is missing and what to install
 */
export async function startPlatformServers(folder: string): Promise<PlatformServers> {
  const start = (name: ServerName): Promise<RunningServer> =>
    startServer(name, { folder: join(folder, name), settings: name === 'postgres' ? CONNECTIONS : {} });
  const [sql, events, commands, online, objects, logs] = await Promise.all([
    start('postgres'),
    start('kafka'),
    start('rabbitmq'),
    start('redis'),
    start('s3'),
    start('elasticsearch'),
  ]);
  const servers = [sql, events, commands, online, objects, logs];
  const cached = new URL(objects.url);
  cached.searchParams.set('cache', join(folder, 'objects'));
  return {
    urls: {
      SQL_URL: sql.url,
      EVENTS_URL: `${events.url}?partitions=2`,
      COMMANDS_URL: commands.url,
      ONLINE_URL: online.url,
      OBJECTS_URL: cached.href,
      ELASTICSEARCH_URL: logs.url,
    },
    start: async () => void (await Promise.all(servers.map((server) => server.restart()))),
    stop: async () => void (await Promise.all(servers.map((server) => server.stop()))),
  };
}
