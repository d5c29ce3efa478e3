/** A service that fails, as a process of its own, and what Sentry gets to know of it. */
import { readFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { eventually } from '@roofshot/testing/eventually';
import { freePorts } from '@roofshot/testing/free-ports';
import { testDatabase, type TestDatabase } from '@roofshot/testing/postgres';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import {
  startSentryReceiver,
  type ReceivedException,
  type ReceivedIssue,
  type SentryReceiver,
} from '@roofshot/telemetry/test/sentry-receiver';
import { startChild, type Child } from './child.ts';

const START_MS = 40_000;
const PERSON = { email: 'planted@person.example', name: 'Planted Person' };

let database: TestDatabase;
let folder: TempDir;
let receiver: SentryReceiver;
let child: Child | undefined;

beforeAll(async () => {
  database = await testDatabase();
  folder = await tempDir('sentry');
});
beforeEach(async () => {
  receiver = await startSentryReceiver();
});
afterEach(async () => {
  await child?.end('SIGKILL');
  await receiver.stop();
});
afterAll(async () => {
  await database.drop();
  await folder.remove();
});

interface Line {
  readonly message: string;
  readonly 'log.level': string;
}

async function startBilling(env: Readonly<Record<string, string>> = {}): Promise<{ readonly url: string; readonly lines: () => Line[] }> {
  const own = { SQL_URL: database.url, DATA_DIR: folder.path, BILLING_PORT: '0', SENTRY_DSN: receiver.dsn, ENVIRONMENT: 'staging' };
  const started = startChild('./billing-main.ts', { ...own, ...env });
  child = started;
  const url = await eventually(() => /"labels\.services":\["billing ([^"]+)"\]/.exec(started.said().out)?.[1] ?? '', {
    deadlineMs: START_MS,
    describe: 'the service to be ready',
  });
  const lines = (): Line[] =>
    started
      .said()
      .out.split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Line);
  return { url, lines };
}

/** As a person's browser would, with everything that must not leave. */
async function pay(url: string, way: string): Promise<number> {
  const headers = {
    'content-type': 'application/json',
    'x-correlation-id': `c-${way}`,
    authorization: 'Bearer planted-header',
    'x-forwarded-for': '203.0.113.7',
    cookie: 'session=planted-cookie',
    'user-agent': 'planted-agent',
  };
  const body = JSON.stringify({ id: `payment-${way}`, ...PERSON });
  const response = await fetch(`${url}/v1/payments/${way}?note=planted-note`, { method: 'POST', headers, body }).catch(() => undefined);
  await response?.body?.cancel();
  return response?.status ?? 0;
}

const issue = (message: string): Promise<ReceivedIssue> =>
  eventually(() => receiver.issues.find((one) => one.message === message) ?? null, {
    deadlineMs: START_MS,
    describe: `the issue "${message}"`,
  });

const brief = ({ exception }: ReceivedIssue): string[] | undefined => exception?.values.map(({ type, value }) => `${type}: ${value}`);

const CHAIN = [
  'Error: POST https://billing:[redacted]@bank.example/charge?card=[redacted] failed for [e-mail]',
  'TypeError: The payment of [e-mail] cannot be charged.',
];

function innermost({ exception }: ReceivedIssue): ReceivedException | undefined {
  return exception?.values.at(-1);
}

/** Of the source, which is not what runs. */
async function lineOf(file: string, text: string): Promise<number> {
  const lines = (await readFile(new URL(file, import.meta.url), 'utf8')).split('\n');
  return lines.findIndex((line) => line.includes(text)) + 1;
}

function expectNothingPersonal(): void {
  expect(receiver.envelopes.length).toBeGreaterThan(0);
  expect(receiver.text()).not.toMatch(/planted|203\.0\.113/i);
  for (const machine of [hostname(), process.cwd(), database.url]) expect(receiver.text()).not.toContain(machine);
}

test('a handler that throws, a command whose attempts are exhausted and a request that fails become issues, and refusals do not', async () => {
  const { url, lines } = await startBilling();
  expect(await pay(url, 'event')).toBe(202);
  expect(await pay(url, 'charge')).toBe(202);
  expect(await pay(url, 'refund')).toBe(202);
  expect(await pay(url, 'request')).toBe(500);

  const parked = await issue('A key was parked because one of its events could not be handled.');
  expect(parked).toMatchObject({
    level: 'error',
    fingerprint: ['A key was parked because one of its events could not be handled.', 'E_CHARGE'],
    release: 'billing@0.1.0',
    environment: 'staging',
    tags: { service: 'billing', correlation_id: 'c-event', event_type: 'payment.made', topic: 'payments.v1', error_code: 'E_CHARGE' },
    contexts: { trace: { trace_id: expect.stringMatching(/^[0-9a-f]{32}$/) } },
  });
  expect(brief(parked)).toEqual(CHAIN);
  expect(innermost(parked)?.stacktrace?.frames.at(-1)).toMatchObject({
    filename: 'app:///libs/runtime/test/billing.ts',
    function: 'fail',
    lineno: await lineOf('./billing.ts', 'throw Object.assign(new TypeError('),
  });

  const failed = await issue('A request failed.');
  expect(failed).toMatchObject({
    fingerprint: ['A request failed.', 'E_CHARGE'],
    tags: { service: 'billing', correlation_id: 'c-request', route: '/v1/payments/:way', method: 'POST', status: '500' },
  });
  expect(brief(failed)).toEqual(CHAIN);

  const dead = await issue('A command went to the dead letters.');
  expect(dead).toMatchObject({
    tags: { service: 'billing', correlation_id: 'c-charge', event_type: 'payment.charge', queue: 'payment.charge.v1', outcome: 'dead' },
  });
  expect(brief(dead)).toEqual(CHAIN);

  await child?.end('SIGTERM');
  expect(receiver.issues).toHaveLength(3); // neither the tries before nor the refusal of the refund
  const buried = lines().filter(({ message }) => message === 'A command went to the dead letters.');
  expect(buried.map((line) => line['log.level']).sort()).toEqual(['error', 'warn']);
  expectNothingPersonal();
}, 90_000);

describe('a crash reaches Sentry before the process ends', () => {
  test.each(['crash', 'rejection'])('an uncaught error: %s', async (way) => {
    const { url } = await startBilling();
    await pay(url, way);
    expect(await child?.ended).toBe(1);
    expect(receiver.issues).toHaveLength(1);
    const [crash] = receiver.issues;
    expect(crash).toMatchObject({
      level: 'fatal',
      message: 'The process ends because of an uncaught error.',
      release: 'billing@0.1.0',
      tags: { service: 'billing' },
      exception: { values: [{}, { mechanism: { handled: false } }] },
    });
    expect(child?.said().err).toContain('TypeError: The payment of'); // as Node itself tells it
    expectNothingPersonal();
  });

  test.each(['billing', 'gateway'])('a start of %s that fails', async (name) => {
    const port = await takePort();
    const taken = { [`${name.toUpperCase()}_PORT`]: String(port.number) };
    child = startChild(`./${name}-main.ts`, { SQL_URL: database.url, DATA_DIR: folder.path, SENTRY_DSN: receiver.dsn, ...taken });
    expect(await child.ended).toBe(1);
    port.server.close();
    expect(receiver.issues.map(({ message }) => message)).toEqual(['The start failed.']);
    expect(receiver.issues[0]).toMatchObject({ level: 'fatal', release: `${name}@0.1.0`, environment: 'default', tags: { service: name } });
    expect(child.said().err).toContain('the port is in use');
  });

  test('a start that a log server refuses', async () => {
    const { number, server } = await takePort((socket) => socket.end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n'));
    const elastic = { ELASTICSEARCH_URL: `http://me:planted@127.0.0.1:${number}` };
    child = startChild('./billing-main.ts', { SQL_URL: database.url, DATA_DIR: folder.path, SENTRY_DSN: receiver.dsn, ...elastic });
    expect(await child.ended).toBe(1);
    server.close();
    expect(receiver.issues.map(({ message }) => message)).toEqual(['The start failed.']);
    expectNothingPersonal();
  });

  test('and where Sentry does not answer, the process ends all the same, within seconds', async () => {
    receiver.answer('nothing');
    const { url } = await startBilling();
    const begun = performance.now();
    await pay(url, 'crash');
    expect(await child?.ended).toBe(1);
    expect(performance.now() - begun).toBeLessThan(8_000);
    expect(receiver.requests()).toBe(1);
  });
});

test('a Sentry that is away disturbs neither the work nor the stop', async () => {
  const [port = 0] = await freePorts(1);
  const { url } = await startBilling({ SENTRY_DSN: `http://key@127.0.0.1:${port}/1` });
  for (let index = 0; index < 20; index++) expect(await pay(url, 'request')).toBe(500);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  const begun = performance.now();
  expect(await child?.end('SIGTERM')).toBe(0);
  expect(performance.now() - begun).toBeLessThan(10_000);
});

test('what Sentry cannot be told is told by the settings: a wrong DSN ends the start with all other faults', async () => {
  child = startChild('./billing-main.ts', { SENTRY_DSN: 'https://sentry.example.org/7', ENVIRONMENT: 'Prod EU', BILLING_PORT: 'x' });
  expect(await child.ended).toBe(1);
  const { err } = child.said();
  for (const key of ['SENTRY_DSN=https://sentry.example.org/7', 'ENVIRONMENT=Prod EU', 'BILLING_PORT=x']) expect(err).toContain(key);
  expect(err).toContain('it looks like https://key@host/number');
});

async function takePort(answer?: (socket: Socket) => void): Promise<{ readonly server: Server; readonly number: number }> {
  const [number = 0] = await freePorts(1);
  const server = createServer((socket) => void socket.once('data', () => answer?.(socket))).listen(number, '127.0.0.1');
  await once(server, 'listening');
  return { server, number };
}
