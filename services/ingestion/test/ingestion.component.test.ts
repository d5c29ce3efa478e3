/** The whole service on its ports: HTTP in, topics out. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LogRecord } from '@roofshot/messaging/events';
import { openEventBus } from '@roofshot/messaging/open-event-bus';
import type { EventBus } from '@roofshot/messaging/events';
import { run, type Running } from '@roofshot/runtime/run';
import { log } from '@roofshot/telemetry/logger';
import { testDatabase, type TestDatabase } from '@roofshot/testing/postgres';
import { ingestion } from '../src/service.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const BATCH = 'application/cloudevents-batch+json';
const SINGLE = 'application/cloudevents+json';

interface Answer {
  readonly status: number;
  readonly body: Record<string, never> & {
    results?: { id: string; verdict: string; reason?: string; path?: string; detail?: string }[];
  } & Record<string, unknown>;
}

let database: TestDatabase;
let folder: string;
let running: Running;
let bus: EventBus;
let clock = NOW;

async function start(): Promise<void> {
  const env = { DATA_DIR: folder, SQL_URL: database.url, INGESTION_PORT: '0', LOG_FILE: join(folder, 'log') };
  running = await run([ingestion], { env, clock: () => clock });
}

beforeAll(async () => {
  database = await testDatabase();
  folder = await mkdtemp(join(tmpdir(), 'ingestion-'));
  await start();
  bus = await openEventBus(database.url, { sql: database.sql, sqlUrl: database.url, log });
  await declare('order.placed', { schema: orderSchema });
  await declare('door.opened', { schema: { type: 'object' }, maxDelay: '60s' });
  await declare('import.row', { schema: { type: 'object' }, knownTime: 'knowntime' });
}, 60_000);

afterAll(async () => {
  await running.stop();
  await bus.close();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

const orderSchema = {
  type: 'object',
  required: ['amount'],
  additionalProperties: false,
  properties: { amount: { type: 'number', minimum: 0 }, note: { type: 'string' } },
};

async function send(path: string, init: RequestInit): Promise<Answer> {
  const answer = await fetch(`${running.urls['ingestion']}${path}`, init);
  return { status: answer.status, body: (await answer.json()) as Answer['body'] };
}

async function declare(name: string, spec: object): Promise<Answer> {
  const body = JSON.stringify({ apiVersion: 'roofshot/v1', kind: 'EventType', metadata: { name }, spec });
  return send(`/v1/event-types/${name}`, { method: 'PUT', body, headers: { 'content-type': 'application/json' } });
}

let ids = 0;
const event = (over: Record<string, unknown> = {}): Record<string, unknown> => ({
  specversion: '1.0',
  id: `e${(ids += 1)}`,
  source: '/shop',
  type: 'order.placed',
  subject: 'customer-1',
  time: '2026-03-01T11:59:00Z',
  data: { amount: 1 },
  ...over,
});

const post = (body: unknown, type = BATCH, headers: Record<string, string> = {}): Promise<Answer> =>
  send('/v1/events', {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'content-type': type, ...headers },
  });

async function verdictOf(over: Record<string, unknown>): Promise<{ verdict: string; reason?: string; path?: string; detail?: string }> {
  const { body } = await post([event(over)]);
  return body.results?.[0] ?? { verdict: 'none' };
}

async function onLog(topic: string): Promise<LogRecord[]> {
  const bounds = await bus.bounds(topic);
  const parts = await Promise.all(bounds.map((part) => bus.readFrom(part, part.start, 100_000)));
  return parts.flat();
}

const idsOf = (records: readonly LogRecord[]): (string | undefined)[] => records.map(({ headers }) => headers['ce_id']);

describe('an accepted event', () => {
  it('lies on the stream of its type as it was sent, under its subject, with known time and correlation', async () => {
    const sent = event({ tenant: 'acme', datacontenttype: 'application/json' });
    const { status, body } = await post([sent], BATCH, { 'x-correlation-id': 'order-77' });
    expect({ status, accepted: body['accepted'] }).toEqual({ status: 202, accepted: 1 });
    const record = (await onLog('events.order.placed')).find(({ headers }) => headers['ce_id'] === sent['id']);
    expect(record).toMatchObject({ key: 'customer-1', value: '{"amount":1}' });
    expect(record?.headers).toMatchObject({
      ce_type: 'order.placed',
      ce_time: '2026-03-01T11:59:00.000Z',
      ce_knowntime: '2026-03-01T12:00:00.000Z',
      ce_tenant: 'acme',
      ce_correlationid: 'order-77',
    });
  });

  it('may come alone, in a batch, or with its attributes in headers', async () => {
    const single = await post(event(), SINGLE);
    const headers = {
      'ce-specversion': '1.0',
      'ce-id': 'in-headers',
      'ce-source': '/shop',
      'ce-type': 'order.placed',
      'ce-subject': 'J%C3%B6rg',
    };
    const binary = await post({ amount: 5 }, 'application/json', headers);
    expect([single.status, single.body['accepted'], binary.status, binary.body['accepted']]).toEqual([202, 1, 202, 1]);
    const record = (await onLog('events.order.placed')).find(({ headers: of }) => of['ce_id'] === 'in-headers');
    expect(record).toMatchObject({ key: 'Jörg', value: '{"amount":5}' });
  });

  it('has its id as the ordering key where it names no subject', async () => {
    const { subject: _subject, ...plain } = event({ id: 'alone' });
    await post([plain]);
    expect((await onLog('events.order.placed')).find(({ headers }) => headers['ce_id'] === 'alone')?.key).toBe('alone');
  });

  it('is counted under its type, and the counts sum up to what was received', async () => {
    const before = await ledgerOf('order.placed');
    const twice = event();
    await post([twice, twice, event({ data: {} })]);
    const after = await ledgerOf('order.placed');
    expect(after).toEqual({
      received: before.received + 3,
      accepted: before.accepted + 1,
      duplicate: before.duplicate + 1,
      late: before.late,
      quarantined: before.quarantined + 1,
    });
  });
});

interface Counts {
  received: number;
  accepted: number;
  duplicate: number;
  late: number;
  quarantined: number;
}

async function ledgerOf(type: string): Promise<Counts> {
  const { body } = await send('/v1/events/ledger', {});
  return ((body['types'] as unknown as Record<string, Counts>)[type] ?? {
    received: 0,
    accepted: 0,
    duplicate: 0,
    late: 0,
    quarantined: 0,
  }) as Counts;
}

describe('a repeat', () => {
  it('is recognised by source and id, whatever it holds, and is no fault', async () => {
    const first = event();
    await post([first]);
    const { status, body } = await post({ ...first, data: { amount: 99 } }, SINGLE);
    expect([status, body['duplicate']]).toEqual([202, 1]);
    expect(await verdictOf({ ...first, source: '/other-shop' })).toMatchObject({ verdict: 'accepted' });
  });

  it('is accepted exactly once of 32 at the same time', async () => {
    const same = event();
    const answers = await Promise.all(Array.from({ length: 32 }, () => post([same])));
    expect(answers.filter(({ body }) => body['accepted'] === 1)).toHaveLength(1);
    expect(idsOf(await onLog('events.order.placed')).filter((id) => id === same['id'])).toHaveLength(1);
  });

  it('is recognised after a restart', async () => {
    const first = event();
    await post([first]);
    await running.stop();
    await start();
    expect(await verdictOf(first)).toMatchObject({ verdict: 'duplicate' });
  });
});

describe('an invalid event', () => {
  it.each([
    ['no specversion', { specversion: undefined }, '/specversion'],
    ['another specversion', { specversion: '0.3' }, '/specversion'],
    ['an empty id', { id: '' }, '/id'],
    ['a number as source', { source: 7 }, '/source'],
    ['no type', { type: undefined }, '/type'],
    ['a time without offset', { time: '2026-03-01T11:59:00' }, '/time'],
    ['a day that does not exist', { time: '2026-02-31T11:59:00Z' }, '/time'],
    ['an attribute name with capitals', { tenantId: 'x' }, '/tenantId'],
    ['a structured attribute', { tenant: { a: 1 } }, '/tenant'],
    ['an empty subject', { subject: '' }, '/subject'],
    ['data twice', { data_base64: 'e30=' }, '/data_base64'],
    ['data that are not JSON', { datacontenttype: 'text/xml' }, '/datacontenttype'],
  ])('with %s is quarantined and told where', async (_what, over, path) => {
    expect(await verdictOf(over)).toMatchObject({ verdict: 'quarantined', reason: 'envelope', path });
  });

  it('against its schema is quarantined with the place in its data', async () => {
    expect(await verdictOf({ data: { amount: -1 } })).toMatchObject({ verdict: 'quarantined', reason: 'schema', path: '/data/amount' });
    expect(await verdictOf({ data: {} })).toMatchObject({ reason: 'schema', path: '/data/amount' });
    expect((await verdictOf({ data: { amount: 1, amuont: 2 } })).detail).toContain('amuont');
  });

  it('of an undeclared type is told the nearest names', async () => {
    const found = await verdictOf({ type: 'order.place' });
    expect(found).toMatchObject({ verdict: 'quarantined', reason: 'unknown-type', path: '/type' });
    expect(found.detail).toContain('order.placed');
  });

  it('alone is a faulty request, and is kept all the same with its original', async () => {
    const broken = event({ id: 'broken-1', data: { amount: 'much' } });
    const { status, body } = await post(broken, SINGLE);
    expect({ status, code: body['code'], faults: body['faults'] }).toMatchObject({
      status: 400,
      code: 'invalid',
      faults: [{ path: '/data/amount' }],
    });
    const kept = (await onLog('events-refused.v1')).map(({ value }) => JSON.parse(value) as { eventId: string; original: string });
    expect(JSON.parse(kept.find(({ eventId }) => eventId === 'broken-1')?.original ?? '{}')).toEqual(broken);
  });

  it('does not hinder the others of its batch', async () => {
    const { body } = await post([event(), event({ data: 1 }), event()]);
    expect(body.results?.map(({ verdict }) => verdict)).toEqual(['accepted', 'quarantined', 'accepted']);
  });
});

describe('a request that is no event', () => {
  it.each([
    ['broken JSON', '[{', BATCH, 400],
    ['a batch that is no array', '{}', BATCH, 400],
    ['a media type without events', 'a=b', 'application/x-www-form-urlencoded', 415],
    ['JSON without ce- headers', '{}', 'application/json', 415],
  ])('%s is refused with a sentence', async (_what, text, type, status) => {
    const answer = await post(text, type);
    expect(answer.status).toBe(status);
    expect(String(answer.body['detail']).length).toBeGreaterThan(20);
  });
});

describe('the clocks', () => {
  it('call an event late where its type bounds the delay, and keep it', async () => {
    expect(await verdictOf({ type: 'door.opened', time: '2026-03-01T11:58:00Z' })).toMatchObject({ verdict: 'late', reason: 'too-late' });
    expect(await verdictOf({ type: 'door.opened', time: '2026-03-01T11:59:30Z' })).toMatchObject({ verdict: 'accepted' });
    expect(await verdictOf({ time: '2020-01-01T00:00:00Z' })).toMatchObject({ verdict: 'accepted' });
  });

  it('take the known time of an import from the event, never from the future', async () => {
    const id = 'row-1';
    await post([event({ id, type: 'import.row', time: '2001-01-15T07:10:00+01:00', knowntime: '2001-01-15T06:11:00Z' })]);
    const record = (await onLog('events.import.row')).find(({ headers }) => headers['ce_id'] === id);
    expect(record?.headers).toMatchObject({ ce_time: '2001-01-15T06:10:00.000Z', ce_knowntime: '2001-01-15T06:11:00.000Z' });
    const future = await verdictOf({ type: 'import.row', knowntime: '2026-03-01T12:00:01Z' });
    expect(future).toMatchObject({ verdict: 'quarantined', reason: 'known-time', path: '/knowntime' });
  });

  it('stamp the known time of every other event, whatever it says', async () => {
    const id = 'stamped';
    await post([event({ id, knowntime: '2001-01-01T00:00:00Z' })]);
    const record = (await onLog('events.order.placed')).find(({ headers }) => headers['ce_id'] === id);
    expect(record?.headers['ce_knowntime']).toBe(new Date(NOW).toISOString());
  });

  it('refuse an event time far ahead of the known time', async () => {
    expect(await verdictOf({ time: '2026-03-03T12:00:00Z' })).toMatchObject({
      verdict: 'quarantined',
      reason: 'event-time',
      path: '/time',
    });
  });

  it('let an importer say its progress in every partition of its streams, behind its events', async () => {
    const progress = '2001-01-15T07:00:00Z';
    await post([event({ type: 'import.row', knowntime: '2001-01-15T06:59:00Z', time: '2001-01-15T06:59:00Z' })], BATCH, {
      'roofshot-progress': progress,
    });
    const records = await onLog('events.import.row');
    const said = records.filter(
      ({ headers, value }) => headers['ce_type'] === 'source.progressed' && value.includes('2001-01-15T07:00:00.000Z'),
    );
    expect(said.map(({ partition }) => partition).sort()).toEqual(
      (await bus.bounds('events.import.row')).map(({ partition }) => partition).sort(),
    );
    expect((await onLog('events.order.placed')).some(({ headers }) => headers['ce_type'] === 'source.progressed')).toBe(false);
    expect((await post([], BATCH, { 'roofshot-progress': 'soon' })).status).toBe(400);
  });
});

describe('a stream of lines', () => {
  it('is answered by a verdict a line and the sums, a broken line among them', async () => {
    const body = [JSON.stringify(event()), '', '{broken', JSON.stringify(event({ data: {} }))].join('\n');
    const answer = await fetch(`${running.urls['ingestion']}/v1/events`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/x-ndjson' },
    });
    const lines = (await answer.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map((line) => line['verdict'] ?? 'summary')).toEqual(['accepted', 'quarantined', 'quarantined', 'summary']);
    expect(lines.at(-1)).toEqual({ summary: { accepted: 1, duplicate: 0, late: 0, quarantined: 2 } });
  });
});

describe('an event type', () => {
  it('with a faulty schema is refused and changes nothing', async () => {
    const { status, body } = await declare('order.placed', { schema: { type: 'objekt' } });
    expect({ status, faults: body['faults'] }).toMatchObject({ status: 422, faults: [{ path: '/spec/schema' }] });
    expect(await verdictOf({})).toMatchObject({ verdict: 'accepted' });
  });

  it('holds for the first event after its answer', async () => {
    await declare('late.comer', { schema: { type: 'object', required: ['a'] } });
    expect(await verdictOf({ type: 'late.comer', data: { a: 1 } })).toMatchObject({ verdict: 'accepted' });
    await declare('late.comer', { schema: { type: 'object', required: ['b'] } });
    expect(await verdictOf({ type: 'late.comer', data: { a: 1 } })).toMatchObject({ verdict: 'quarantined', reason: 'schema' });
  });

  it('may be written in draft-07', async () => {
    await declare('old.style', {
      schema: { $schema: 'http://json-schema.org/draft-07/schema#', type: 'object', dependencies: { a: ['b'] } },
    });
    expect(await verdictOf({ type: 'old.style', data: { a: 1 } })).toMatchObject({ verdict: 'quarantined', reason: 'schema' });
  });
});

describe('forgetting', () => {
  it('lets an id be used again after the horizon', async () => {
    const first = event();
    await post([first]);
    await database.sql.query("UPDATE ingestion.seen SET seen_at = now() - interval '8 days'");
    const { forgetSeen } = await import('../src/seen-store.ts');
    expect(await forgetSeen(database.sql, 7 * 86_400, 100_000)).toBeGreaterThan(0);
    clock = NOW + 1;
    expect(await verdictOf(first)).toMatchObject({ verdict: 'accepted' });
  });
});
