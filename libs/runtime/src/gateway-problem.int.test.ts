import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { log } from '@roofshot/telemetry/logger';
import type { LogRecord } from '@roofshot/telemetry/log-record';
import { DomainError } from './errors.ts';
import { answerProblem } from './gateway-problem.ts';

const lines: LogRecord[] = [];
let server: Server;
let leave: () => void;

beforeAll(async () => {
  leave = log.feed.onLine((line) => lines.push(line));
  server = createServer((request, response) => {
    const failure = request.url === '/away' ? new DomainError('unavailable', 'features does not answer.') : new TypeError('the inside');
    answerProblem(failure, request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(async () => {
  leave();
  server.close();
  await once(server, 'close');
});

const ask = (path: string): Promise<Response> =>
  fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, { headers: { 'x-correlation-id': `c${path}` } });

test('a fault of the gateway itself is logged under its correlation id, and its words stay inside', async () => {
  const response = await ask('/bug');
  expect(response.status).toBe(500);
  expect(await response.text()).not.toContain('the inside');
  expect(lines.find((line) => line['labels.correlation_id'] === 'c/bug')).toMatchObject({
    'log.level': 'error',
    'service.name': 'gateway',
    'error.message': 'the inside',
  });
});

test('that a service is away is for its answer to say, not for the log of each request', async () => {
  expect((await ask('/away')).status).toBe(503);
  expect(lines.filter((line) => line['labels.correlation_id'] === 'c/away')).toEqual([]);
});
