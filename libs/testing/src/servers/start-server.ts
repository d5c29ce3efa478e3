import { resolve } from 'node:path';
import { loadKind } from './kinds.ts';
import { startNative, type RunningServer } from './native-server.ts';
import type { ServerName } from './server-kind.ts';

export interface StartServerOptions {
  /** The server's own folder, made when absent; started again in it, the server has its port and data as before. */
  folder: string;
}

/** Starts a server of the caller's own, for tests that stop, kill or freeze it. It lives no longer than the calling process. */
export async function startServer(name: ServerName, { folder }: StartServerOptions): Promise<RunningServer> {
  return startNative(await loadKind(name), resolve(folder));
}
