import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below 32768, where systems begin to hand out ports by themselves, and apart from those that the platform answers on. */
const FIRST_PORT = 16_000;
const PORTS = 5_000;
const ATTEMPTS = 500;

/** Different free ports on loopback. Another program may still be faster: then the server says so, and is started again on others. */
export async function findFreePorts(count: number): Promise<[number, ...number[]]> {
  const found: number[] = [];
  for (let attempt = 0; attempt < ATTEMPTS && found.length < count; attempt += 1) {
    const port = FIRST_PORT + randomInt(PORTS);
    if (!found.includes(port) && (await isFree(port))) found.push(port);
  }
  const [first, ...others] = found;
  if (first !== undefined && found.length === count) return [first, ...others];
  throw new Error(`No ${count} free ports were found between ${FIRST_PORT} and ${FIRST_PORT + PORTS}. End programs that hold ports.`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const failed = once(server, 'error').then(() => false);
  server.listen(port, '127.0.0.1');
  const listening = once(server, 'listening').then(
    () => true,
    () => false,
  );
  if (!(await Promise.race([listening, failed]))) return false;
  server.close();
  await once(server, 'close');
  return true;
}
