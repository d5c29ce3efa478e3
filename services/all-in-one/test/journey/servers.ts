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
