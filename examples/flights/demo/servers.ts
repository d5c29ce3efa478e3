/** Real servers behind the demo, each with its data below one folder: Kafka, RabbitMQ, PostgreSQL, Redis and an S3-compatible store. */
import { join } from 'node:path';
import { startServer } from '@roofshot/testing/start-server';

/** The keys of the environment that name what stands behind the services; empty: everything embedded. */
export type ServerUrls = Readonly<Partial<Record<'SQL_URL' | 'EVENTS_URL' | 'COMMANDS_URL' | 'ONLINE_URL' | 'OBJECTS_URL', string>>>;

export interface RunningServers {
  readonly urls: ServerUrls;
  stop(): Promise<void>;
}

const NAMES = ['postgres', 'kafka', 'rabbitmq', 'redis', 's3'] as const;

/** Fetches the programs where they are missing. Throws with what is missing and what to install. */
export async function startServers(data: string): Promise<RunningServers> {
  const folder = join(data, 'servers');
  const servers = await Promise.all(NAMES.map(async (name) => [name, await startServer(name, { folder: join(folder, name) })] as const));
  const urlOf = (wanted: (typeof NAMES)[number]): string => servers.find(([name]) => name === wanted)?.[1].url ?? '';
  const objects = new URL(urlOf('s3'));
  objects.searchParams.set('cache', join(folder, 'objects'));
  return {
    urls: {
      SQL_URL: urlOf('postgres'),
      EVENTS_URL: `${urlOf('kafka')}?partitions=2`,
      COMMANDS_URL: urlOf('rabbitmq'),
      ONLINE_URL: urlOf('redis'),
      OBJECTS_URL: objects.href,
    },
    stop: async () => void (await Promise.all(servers.map(([, server]) => server.stop()))),
  };
}
