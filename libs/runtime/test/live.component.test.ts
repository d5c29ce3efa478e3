import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LiveFrame } from '@roofshot/contracts/http/live';
import { validatorOf } from '@roofshot/contracts/validate';
import { eventually } from '@roofshot/testing/eventually';
import { testDatabase, type TestDatabase } from '@roofshot/testing/postgres';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import { startGateway } from '../src/gateway.ts';
import { wholeMessages } from '../src/gateway-live.ts';
import { run, type Running } from '../src/run.ts';
import { greeter } from './greeter.ts';
import { tally } from './tally.ts';

let database: TestDatabase;
let folder: TempDir;
let running: Running;

beforeAll(async () => {
  database = await testDatabase();
  folder = await tempDir('live');
  const env = { SQL_URL: database.url, DATA_DIR: folder.path, TALLY_PORT: '0', GREETER_PORT: '0', LOG_LEVEL: 'warn' };
  running = await run([tally, greeter], { env });
});
afterAll(async () => {
  await running.stop();
  await database.drop();
  await folder.remove();
});

const urlOf = (service: string): string => running.urls[service] ?? '';

/** Reads a live view until it is closed or ends. */
async function watch(url: string): Promise<{ readonly messages: string[]; readonly ended: Promise<void>; close(): Promise<void> }> {
  const leaving = new AbortController();
  const response = await fetch(`${url}/live`, { signal: leaving.signal });
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
  const messages: string[] = [];
  const read = async (): Promise<void> => {
    for await (const message of wholeMessages(response.body as ReadableStream<Uint8Array>)) messages.push(message);
  };
  const ended = read().catch((error: unknown) => {
    if (!leaving.signal.aborted) throw error;
  });
  const close = async (): Promise<void> => {
    leaving.abort();
    await ended;
  };
  return { messages, ended, close };
}

/** Frames alone, checked against the contract. */
function framesIn(messages: readonly string[]): LiveFrame[] {
  return messages
    .filter((message) => message.startsWith('data: '))
    .map((message) => {
      const value: unknown = JSON.parse(message.slice('data: '.length));
      expect(validatorOf(LiveFrame).faults(value)).toEqual([]);
      return value as LiveFrame;
    });
}

async function count(name: string): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const resource = { apiVersion: 'roofshot/v1', kind: 'Counter', metadata: { name }, spec: { step: 2 } };
  await fetch(`${urlOf('tally')}/v1/counters/${name}`, { method: 'PUT', headers, body: JSON.stringify(resource) });
  const body = JSON.stringify({ id: `${name}-1` });
  await fetch(`${urlOf('tally')}/v1/tallies/${name}`, { method: 'POST', headers: { ...headers, 'x-correlation-id': name }, body });
}

const saidTypes = (messages: readonly string[]): string[] => framesIn(messages).flatMap(({ said }) => said.map(({ type }) => type));

test('a service tells its state every second, and each thing that it said once', async () => {
  const view = await watch(urlOf('tally'));
  await count('live');
  await eventually(() => expect(saidTypes(view.messages)).toContain('tally.added'));
  const after = view.messages.length;
  await eventually(() => view.messages.length >= after + 2);
  await view.close();
  const frames = framesIn(view.messages);
  expect(frames.at(-1)).toMatchObject({ service: 'tally', ready: true, waitsFor: [], lag: 0, said: [] });
  expect(frames.at(-1)?.totals).toMatchObject({ 'commands.handled': 1 });
  expect(frames.at(-1)?.medians['command.ms']).toBeGreaterThan(0);
  const said = frames.flatMap((frame) => frame.said);
  expect(said.filter(({ type }) => type === 'tally.add')).toMatchObject([{ kind: 'command', service: 'tally', correlationId: 'live' }]);
  expect(said.filter(({ type }) => type === 'tally.added')).toHaveLength(1);
  expect(new Set(said.map(({ seq }) => seq)).size).toBe(said.length);
});

test('who comes later still sees what was said before, and of this service alone', async () => {
  await count('earlier');
  const [view, other] = [await watch(urlOf('tally')), await watch(urlOf('greeter'))];
  await eventually(() => expect(saidTypes(view.messages)).toContain('counter.changed'));
  await eventually(() => framesIn(other.messages).length > 0);
  expect(saidTypes(other.messages)).toEqual([]);
  await Promise.all([view.close(), other.close()]);
});

test('the gateway merges all services, tells who is gone, and goes on when they are back', async () => {
  let absent: Server | undefined = createServer((_request, response) => response.writeHead(503).end());
  await once(absent.listen(0, '127.0.0.1'), 'listening');
  const { port } = absent.address() as AddressInfo;
  const services = [
    { name: 'tally', url: urlOf('tally'), prefixes: ['/v1/tallies'] },
    { name: 'absent', url: `http://127.0.0.1:${port}`, prefixes: ['/v1/absent'] },
  ];
  const gateway = await startGateway({ host: '127.0.0.1', port: 0, portKey: 'GATEWAY_PORT', services });
  const view = await watch(gateway.url);
  const gone = (reason: string): boolean => view.messages.some((text) => text.startsWith('event: gone') && text.includes(reason));
  await eventually(() => gone('It answers its live view with 503'));
  absent.closeAllConnections();
  await new Promise((resolve) => absent?.close(resolve));
  await eventually(() => gone('ECONNREFUSED'));
  expect(view.messages[0]).toBe('event: services\ndata: {"services":["tally","absent"]}\n\n');
  expect(framesIn(view.messages).every(({ service }) => service === 'tally')).toBe(true);
  await eventually(() => view.messages.some((text) => text.startsWith('event: alive')));
  absent = createServer((_request, response) => response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: {}\n\n'));
  await once(absent.listen(port, '127.0.0.1'), 'listening');
  await eventually(() => view.messages.includes('data: {}\n\n'));
  absent.closeAllConnections();
  absent.close();
  await gateway.stop();
  await view.ended;
});

test('live views do not hold up the stop', async () => {
  const env = { SQL_URL: database.url, DATA_DIR: `${folder.path}/other`, GREETER_PORT: '0', LOG_LEVEL: 'warn' };
  const other = await run([greeter], { env });
  const view = await watch(other.urls['greeter'] ?? '');
  await eventually(() => view.messages.length > 0);
  const began = performance.now();
  await other.stop();
  await view.ended;
  expect(performance.now() - began).toBeLessThan(5_000);
});
