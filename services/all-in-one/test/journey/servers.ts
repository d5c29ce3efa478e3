/** The servers behind services that are processes of their own. Others are tried by opening others. */
import { join } from 'node:path';
import { startServer } from '@roofshot/testing/start-server';
import type { PlatformServers } from '@roofshot/testing/platform-servers';

export type OpenServers = (folder: string) => Promise<PlatformServers>;

/** Six processes keep more connections than the hundred of one. */
const SETTINGS = { max_connections: '250' };

/** A PostgreSQL for events, commands, state and online values, and a folder for objects. */
export async function postgresAndFolder(folder: string): Promise<PlatformServers> {
  const server = await startServer('postgres', { folder: join(folder, 'postgres'), settings: SETTINGS });
  const { url } = server;
  return {
    urls: { SQL_URL: url, EVENTS_URL: url, COMMANDS_URL: url, ONLINE_URL: url, OBJECTS_URL: `file:${join(folder, 'objects')}` },
    start: () => server.restart(),
    stop: () => server.stop(),
  };
}
