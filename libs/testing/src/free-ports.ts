import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/** Below 32768, where systems begin to hand out ports by themselves: what is free here now stays free while a test restarts its server. */
const FIRST_PORT = 20_000;
const PORTS = 12_000;
const ATTEMPTS = 500;

/** Different free loopback ports, for servers that must be found at the same address after a restart. */
export async function freePorts(count: number): Promise<number[]> {
  const held = new Map<number, Server>();
  try {
    for (let attempt = 0; held.size < count && attempt < ATTEMPTS; attempt += 1) {
      const port = FIRST_PORT + randomInt(PORTS);
      const server = held.has(port) ? undefined : await hold(port);
      if (server !== undefined) held.set(port, server);
    }
    if (held.size < count) throw new Error(`Only ${held.size} of ${count} ports are free on 127.0.0.1. End programs that hold ports.`);
    return [...held.keys()];
  } finally {
    for (const server of held.values()) {
      server.close();
      await once(server, 'close');
    }
  }
}

/** Undefined when somebody else has it. */
async function hold(port: number): Promise<Server | undefined> {
  const server = createServer();
  const isFree = new Promise<boolean>((resolve) => server.once('listening', () => resolve(true)).once('error', () => resolve(false)));
  server.listen(port, '127.0.0.1');
  return (await isFree) ? server : undefined;
}
