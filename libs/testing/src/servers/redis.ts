import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { libraryPath, unpackPackages } from './debian.ts';
import { proveRedis } from './prove-redis.ts';
import { findProgram } from './run-command.ts';
import { cached } from './server-cache.ts';
import { lines } from './lines.ts';
import type { Launch, Place, ServerKind } from './server-kind.ts';

/** Redis that keeps its data over kill -9: every write is in its log, on the way to the disk, before it is answered. */
export const redis: ServerKind = {
  name: 'redis',
  title: 'Redis',
  variable: 'TEST_REDIS_URL',
  ports: 1,
  refusesRoot: false,
  patienceMs: 30_000,
  container: {
    image: 'redis:7.4',
    port: 6379,
    command: ({ secret }) => ['redis-server', '--requirepass', secret, '--appendonly', 'yes', '--appendfsync', 'no', '--save', ''],
  },
  obtain: async () => {
    const installed = findProgram('redis-server');
    if (installed !== undefined) return (place) => launch(place, installed, {});
    const root = await cached('redis', (folder) => unpackPackages(['redis-server', 'redis-tools'], folder));
    const env = { LD_LIBRARY_PATH: await libraryPath(root) };
    return (place) => launch(place, join(root, 'usr/bin/redis-server'), env);
  },
  url: ({ ports, secret }) => `redis://:${secret}@127.0.0.1:${ports[0]}`,
  prove: proveRedis,
};

async function launch({ folder, ports, secret, settings }: Place, program: string, env: Record<string, string>): Promise<Launch> {
  const file = join(folder, 'redis.conf');
  // In a file: the password would be visible to all in the list of processes.
  await writeFile(file, configuration(ports[0], secret) + lines(settings, ' '), { mode: 0o600 });
  return { server: { program, args: [file], env } };
}

/** Its working folder is the place, so the log of writes lies there. */
function configuration(port: number, secret: string): string {
  return `bind 127.0.0.1
port ${port}
requirepass ${secret}
daemonize no
save ""
appendonly yes
appendfsync no
`;
}
