import type { ServerKind, ServerName } from './server-kind.ts';

/** Loaded when asked for: a test that needs one server does not load the clients of all. */
export async function loadKind(name: ServerName): Promise<ServerKind> {
  switch (name) {
    case 'kafka':
      return (await import('./kafka.ts')).kafka;
    case 'rabbitmq':
      return (await import('./rabbitmq.ts')).rabbitmq;
    case 'redis':
      return (await import('./redis.ts')).redis;
    case 's3':
      return (await import('./s3.ts')).s3;
    case 'elasticsearch':
      return (await import('./elasticsearch.ts')).elasticsearch;
    case 'postgres':
      return (await import('./postgres.ts')).postgres;
  }
}
