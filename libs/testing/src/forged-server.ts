/** A real server whose answers are altered on their way: an older version of it, for instance, where only a new one can be had. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { pipeline, Transform } from 'node:stream';

export interface ForgedServer {
  /** On loopback. */
  readonly port: number;
  close(): Promise<void>;
}

/** `alter`: what the client gets in place of what `target` has sent, as it comes; pieces may be cut anywhere. */
export async function forgeServer(target: Pick<URL, 'hostname' | 'port'>, alter: (sent: Buffer) => Buffer): Promise<ForgedServer> {
  const server = createServer((client) => {
    const real = connect(Number(target.port), target.hostname);
    const altering = new Transform({ transform: (sent: Buffer, _, done) => done(null, alter(sent)) });
    const end = (): void => void [client, real].forEach((socket) => socket.destroy());
    pipeline(client, real, end);
    pipeline(real, altering, client, end);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}

/** Replaces bytes by others of the same length wherever they stand in one piece. */
export function replacing(bytes: Buffer, by: Buffer): (sent: Buffer) => Buffer {
  return (sent) => {
    const altered = Buffer.from(sent);
    for (let at = altered.indexOf(bytes); at >= 0; at = altered.indexOf(bytes, at + bytes.length)) by.copy(altered, at);
    return altered;
  };
}
