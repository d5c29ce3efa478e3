import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { codeOf } from '../error-code.ts';

/**
 * A sign of life for other containers of this machine, to which process numbers say nothing: a socket in the folder. It answers while its
 * process is there, also while that is frozen; the kernel silences it when the process dies, however that happens.
 */
export interface Sign {
  remove(): Promise<void>;
}

/** Undefined where the file system knows no sockets, or the path is longer than they may have. */
export async function showSign(path: string): Promise<Sign | undefined> {
  const server = createServer((connection) => connection.destroy()).unref();
  try {
    await once(server.listen(path), 'listening');
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    return undefined;
  }
  return {
    remove: async () => {
      server.close(); // which removes the file
      await once(server, 'close');
    },
  };
}

/** False only where it is certain that nobody is behind it any more. */
export async function signShows(path: string): Promise<boolean> {
  const connection = connect(path);
  try {
    await once(connection, 'connect');
    return true;
  } catch (error) {
    return !GONE.has(codeOf(error) ?? '');
  } finally {
    connection.destroy();
  }
}

const GONE = new Set(['ECONNREFUSED', 'ENOENT']);
