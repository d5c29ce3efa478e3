import { resolve } from 'node:path';
import { chooseWay, waysToStart } from './choose.ts';
import { loadKind } from './kinds.ts';
import type { RunningServer } from './running-server.ts';
import type { ServerName } from './server-kind.ts';

export interface StartServerOptions {
  /** The server's own folder, made when absent; started again in it, the server has its port and data as before. */
  folder: string;
  /** Over the server's own, in its own words: properties of Kafka, lines of rabbitmq.conf, redis.conf and elasticsearch.yml, settings of PostgreSQL. */
  settings?: Readonly<Record<string, string>>;
}

/**
 * Starts a server of the caller's own, for tests that stop, kill or freeze it: as a container where a Docker engine and the image can
 * be had, else from programs of this machine, which are fetched where they are missing. It lives no longer than the calling process.
 * @throws with what is missing and what to install, or with the end of the server's log
 */
export async function startServer(name: ServerName, { folder, settings = {} }: StartServerOptions): Promise<RunningServer> {
  const kind = await loadKind(name);
  const way = await chooseWay(kind, waysToStart(kind, { folder: resolve(folder), settings }));
  return way.start();
}

/** Fetches what a start of these servers needs, so that no test waits for it. Those that the environment names are left alone. */
export async function prepareServer(name: ServerName): Promise<void> {
  const kind = await loadKind(name);
  if (!process.env[kind.variable]) await chooseWay(kind, waysToStart(kind, { folder: '', settings: {} }));
}
