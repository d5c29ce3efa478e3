import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below 32768, where systems begin to hand out ports by themselves. */
const FIRST_PORT = 21_000;
const PORTS = 11_000;
const ATTEMPTS = 200;

/** A free loopback port: the wished one if it is free, else the first free one after a start that depends on the folder. */
export async function findFreePort(folder: string, wish: number | undefined): Promise<number> {
  if (wish !== undefined && (await isFree(wish))) return wish;
  const start = createHash('sha256').update(folder).digest().readUInt32BE() % PORTS;
  for (let step = 0; step < ATTEMPTS; step += 1) {
    const port = FIRST_PORT + ((start + step) % PORTS);
    if (port !== wish && (await isFree(port))) return port;
  }
  throw new Error(
    `No free port for PostgreSQL was found on 127.0.0.1 among ${ATTEMPTS} tried from ${FIRST_PORT + start} on. End programs that hold ports.`,
  );
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const failed = once(server, 'error').then(() => false);
  server.listen(port, '127.0.0.1');
  const free = await Promise.race([
    once(server, 'listening').then(
      () => true,
      () => false,
    ),
    failed,
  ]);
  if (free) {
    server.close();
    await once(server, 'close');
  }
  return free;
}
