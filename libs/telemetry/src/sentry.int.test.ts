import { eventually } from '@roofshot/testing/eventually';
import { runWith } from './context.ts';
import { snapshot } from './define-metrics.ts';
import { createLogger, type Logger } from './logger.ts';
import { connectSentry, type SentryConnection } from './sentry.ts';
import { startSentryReceiver, type ReceivedIssue, type SentryReceiver } from '../test/sentry-receiver.ts';

const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

let receiver: SentryReceiver;
let sentry: SentryConnection;
let log: Logger;
let now = 0;

beforeEach(async () => {
  receiver = await startSentryReceiver();
  log = createLogger({ level: 'debug', write: () => undefined, service: { name: 'roofshot', version: '1.2.3' } });
  now = 0;
  await connectTo(receiver.dsn);
});
afterEach(async () => {
  await sentry.close();
  await receiver.stop();
});

async function connectTo(dsn: string, release?: string): Promise<void> {
  sentry = await connectSentry({ dsn, environment: 'staging', feed: log.feed, clock: () => now, release });
}

/** After a close, with which everything has come. */
async function issuesAfter(work: () => void): Promise<readonly ReceivedIssue[]> {
  work();
  await sentry.close();
  return receiver.issues;
}

/** The metrics of issues, by their short name and reason. */
function counts(): Map<string, number> {
  const prefix = 'roofshot.process.sentry-issues.';
  const own = snapshot().filter(({ name }) => name.startsWith(prefix));
  return new Map(own.map(({ name, tags: { reason = '' }, total }) => [`${name.slice(prefix.length)} ${reason}`.trim(), total]));
}

/** What was counted by the work. */
async function countedBy(work: () => Promise<unknown>): Promise<Record<string, number>> {
  const before = counts();
  await work();
  const differences = [...counts()].map(([name, total]) => [name, total - (before.get(name) ?? 0)] as const);
  return Object.fromEntries(differences.filter(([, difference]) => difference > 0));
}

describe('an issue', () => {
  it('says what failed, for whom and with which message, and groups by the sentence and the code', async () => {
    const error = Object.assign(new RangeError('The offset 7 is beyond the end.', { cause: new Error('The disk is gone.') }), {
      code: 'E7',
    });
    const context = { service: 'features', correlationId: 'c-1', traceparent: TRACEPARENT, fields: { 'event.action': 'flight.departed' } };
    const fields = {
      'labels.topic': 'events.flight.departed',
      'labels.partition': 3,
      'labels.group': 'features',
      'event.reason': 'It ended.',
    };
    const [issue, ...others] = await issuesAfter(() => runWith(context, () => log.error('A key was parked.', { ...fields, error })));
    expect(others).toEqual([]);
    expect(issue).toMatchObject({
      level: 'error',
      message: 'A key was parked.',
      fingerprint: ['A key was parked.', 'E7'],
      release: 'features@1.2.3',
      environment: 'staging',
      tags: {
        service: 'features',
        correlation_id: 'c-1',
        event_type: 'flight.departed',
        topic: 'events.flight.departed',
        partition: '3',
        group: 'features',
        error_code: 'E7',
      },
      contexts: { trace: { trace_id: '4bf92f3577b34da6a3ce929d0e0e4736', span_id: '00f067aa0ba902b7' }, log: { reason: 'It ended.' } },
    });
    const [cause, thrown] = issue?.exception?.values ?? [];
    expect(cause).toMatchObject({
      type: 'Error',
      value: 'The disk is gone.',
      mechanism: { type: 'chained', source: 'cause', parent_id: 0 },
    });
    expect(thrown).toMatchObject({ type: 'RangeError', value: 'The offset 7 is beyond the end.', mechanism: { handled: true } });
    expect(thrown?.stacktrace?.frames.at(-1)?.filename).toBe('app:///libs/telemetry/src/sentry.int.test.ts');
  });

  it('without anything thrown is the sentence alone', async () => {
    const [issue] = await issuesAfter(() => log.error('A partition was stopped.', { 'labels.queue': 'trial.run.v1' }));
    expect(issue).toMatchObject({
      message: 'A partition was stopped.',
      fingerprint: ['A partition was stopped.'],
      tags: { queue: 'trial.run.v1' },
    });
    expect(issue).not.toHaveProperty('exception');
    expect(issue?.release).toBe('roofshot@1.2.3');
  });

  it('is made of errors and fatal lines only, and a crash is told as not handled', async () => {
    const issues = await issuesAfter(() => {
      for (const level of ['debug', 'info', 'warn', 'error', 'fatal'] as const) log[level](`At ${level}.`, { error: new Error('x') });
    });
    expect(issues.map(({ level, message }) => [level, message]).sort()).toEqual([
      ['error', 'At error.'],
      ['fatal', 'At fatal.'],
    ]);
    const fatal = issues.find(({ level }) => level === 'fatal');
    expect(fatal?.exception?.values[0]?.mechanism).toMatchObject({ handled: false });
  });

  it('comes again when the same error is told again, and brings the parts of an AggregateError, round causes once', async () => {
    const part = new Error('part');
    const error = new AggregateError([part, 'text'], 'all');
    part.cause = error;
    Object.freeze(error);
    const issues = await issuesAfter(() => {
      log.error('First.', { error });
      log.error('Second.', { error });
    });
    expect(issues.map(({ message }) => message).sort()).toEqual(['First.', 'Second.']);
    expect(issues[0]?.exception?.values.map(({ type, value }) => `${type}: ${value}`)).toEqual([
      'string: text',
      'Error: part',
      'AggregateError: all',
    ]);
  });

  it('has the release that is asked for', async () => {
    await sentry.close();
    await connectTo(receiver.dsn, 'shop@7');
    expect((await issuesAfter(() => log.error('Failed.')))[0]?.release).toBe('shop@7');
  });

  it('that is large arrives whole, compressed', async () => {
    let error = new Error('deep');
    for (let depth = 0; depth < 7; depth++) error = new Error(`${depth} ${'long '.repeat(1_000)}`, { cause: error });
    const [issue] = await issuesAfter(() => log.error('Failed.', { error }));
    expect(issue?.exception?.values).toHaveLength(8);
    expect(JSON.stringify(issue).length).toBeLessThan(100_000);
  });
});

describe('nothing personal leaves', () => {
  it('whatever is in the error, in the line or in the hands of Sentry’s library', async () => {
    const { getGlobalScope, getIsolationScope, addBreadcrumb } = await import('@sentry/node');
    getGlobalScope().setUser({ email: 'planted@user.example', ip_address: '203.0.113.1' });
    getIsolationScope().setTag('planted-tag', 'planted-value').setExtra('body', 'planted-body');
    addBreadcrumb({ message: 'planted-breadcrumb' });
    const cause = new SyntaxError('Unexpected token \'x\', ..."planted-name":x"... is not valid JSON');
    const error = Object.assign(new Error('planted@mail.example cannot log in at postgres://me:planted-password@db/x', { cause }), {
      request: { headers: { authorization: 'Bearer planted-header' }, ip: '203.0.113.2' },
    });
    const request = {
      'url.path': '/v1/people/planted-path?mail=planted@query.example',
      'client.ip': '203.0.113.3',
      'user.id': 'planted-id',
    };
    const labels = { 'labels.body': 'planted-label', 'labels.note': 'planted-note', 'event.reason': 'planted@reason.example is unknown' };
    await issuesAfter(() => {
      runWith({ correlationId: 'planted@correlation.example' }, () => log.error('A request failed.', { ...request, ...labels, error }));
      log.error('An object was thrown.', { error: { email: 'planted-field' } });
      log.error('A text was thrown.', { error: 'planted@text.example' });
    });
    getGlobalScope().clear();
    getIsolationScope().clear();
    expect(receiver.issues).toHaveLength(3);
    expect(receiver.text()).not.toMatch(/planted|203\.0\.113/);
    expect(receiver.text()).not.toContain(process.cwd());
    expect(receiver.issues[0]?.exception?.values.at(-1)?.value).toBe('[e-mail] cannot log in at postgres://me:[redacted]@db/x');
  });

  it('nor the name of the host, and Sentry is told to look for no address', async () => {
    const [issue] = await issuesAfter(() => log.error('Failed.'));
    expect(issue).not.toHaveProperty('server_name');
    expect(issue).toHaveProperty('sdk.settings.infer_ip', 'never');
  });
});

it('a burst is cut at ten, and the next issue of its kind tells how many were not sent', async () => {
  const counted = await countedBy(async () => {
    for (let index = 0; index < 25; index++) log.error('It failed again.', { error: new Error(`attempt ${index}`) });
    log.error('Something else failed.');
    now = 60_000;
    log.error('It failed again.', { error: new Error('later') });
    await sentry.close();
  });
  expect(counted).toEqual({ sent: 12, suppressed: 15 });
  const again = receiver.issues.filter(({ message }) => message === 'It failed again.');
  expect(again.map(({ tags }) => tags['suppressed']).filter((suppressed) => suppressed !== undefined)).toEqual(['15']);
  expect(again).toHaveLength(11);
});

describe('a receiver that does not take issues costs nothing but them', () => {
  const failTimes = (times: number): void => {
    for (let index = 0; index < times; index++) log.error(`Failure ${index}.`, { error: new Error('x') });
  };

  it('when it is away', async () => {
    await receiver.stop();
    expect(await countedBy(() => issuesAfter(() => failTimes(5)))).toEqual({ 'lost away': 5 });
  });

  it.each(['nothing', 'half'] as const)('when it answers %s, the end waits two seconds at most', async (how) => {
    receiver.answer(how);
    const begun = performance.now();
    const counted = await countedBy(async () => {
      failTimes(3);
      expect(performance.now() - begun).toBeLessThan(500);
      await eventually(() => expect(receiver.requests()).toBe(3));
      await sentry.close();
    });
    expect(performance.now() - begun).toBeLessThan(4_000);
    expect(counted).toEqual(how === 'nothing' ? { 'lost away': 3 } : { sent: 3 });
  });

  it('when very many are on their way: those beyond a bound are lost at once', async () => {
    receiver.answer('nothing');
    const counted = await countedBy(async () => {
      failTimes(200);
      await sentry.close();
    });
    expect(counted).toEqual({ 'lost away': 64, 'lost full': 136 });
  });

  it('when it asks to be left alone, and it is', async () => {
    receiver.answer(429);
    const before = counts().get('lost limited') ?? 0;
    const counted = await countedBy(async () => {
      failTimes(1);
      await eventually(() => expect(counts().get('lost limited')).toBe(before + 1));
      failTimes(4);
      await sentry.close();
    });
    expect(counted).toEqual({ 'lost limited': 5 });
    expect(receiver.requests()).toBe(1);
  });

  it.each([400, 413, 503])('when it refuses with %i', async (status) => {
    receiver.answer(status);
    expect(await countedBy(() => issuesAfter(() => failTimes(2)))).toEqual({ 'lost refused': 2 });
  });
});

it('after the close nothing is sent, and a second close does nothing', async () => {
  await sentry.close();
  log.error('Too late.');
  await sentry.close();
  expect(receiver.requests()).toBe(0);
});
