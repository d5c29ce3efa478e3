import { once } from 'node:events';
import { createServer } from 'node:net';
import { findFreePorts } from './ports.ts';

test('ports are different, free on loopback, and below those that the system hands out by itself', async () => {
  const ports = await findFreePorts(20);
  expect(new Set(ports).size).toBe(20);
  expect(ports.every((port) => port > 1024 && port < 32_768)).toBe(true);
  const server = createServer().listen(ports[0], '127.0.0.1');
  await once(server, 'listening');
  server.close();
});
