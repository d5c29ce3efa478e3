import { audit } from '@roofshot/contracts/audit';
import type { Applied, Problem } from '@roofshot/contracts/http/common';
import { openEventBus } from '@roofshot/messaging/open-event-bus';
import { openSql } from '@roofshot/storage/open-sql';
import { log } from '@roofshot/telemetry/logger';
import { testDatabase, type TestDatabase } from '@roofshot/testing/postgres';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import { run, type Running } from '../src/run.ts';
import { tally, tallies } from './tally.ts';

interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

describe('declared resources', () => {
  let database: TestDatabase;
  let folder: TempDir;
  let running: Running;
  let url = '';

  beforeAll(async () => {
    database = await testDatabase();
    folder = await tempDir('resources');
    running = await run([tally], { env: { SQL_URL: database.url, DATA_DIR: folder.path, TALLY_PORT: '0', LOG_LEVEL: 'warn' } });
    url = running.urls['tally'] ?? '';
  });
  afterAll(async () => {
    await running.stop();
    await database.drop();
    await folder.remove();
  });

  const counter = (name: string, spec: object, metadata: object = {}): object => ({
    apiVersion: 'roofshot/v1',
    kind: 'Counter',
    metadata: { name, ...metadata },
    spec,
  });

  async function send<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer<T>> {
    const response = await fetch(url + path, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as T };
  }
  const put = (name: string, spec: object, query = '', headers = {}): Promise<Answer<Applied & { resource: { generation: number } }>> =>
    send('PUT', `/v1/counters/${name}${query}`, counter(name, spec), headers);

  async function recordsOf(topic: string): Promise<{ type: string; data: Record<string, unknown> }[]> {
    const sql = await openSql(database.url, { poolSize: 2 });
    const bus = await openEventBus(database.url, { sql, sqlUrl: database.url, log });
    const bounds = await bus.bounds(topic);
    const records = (await Promise.all(bounds.map((partition) => bus.readFrom(partition, partition.start, 1000)))).flat();
    await bus.close();
    await sql.close();
    return records.map(({ headers, value }) => ({ type: headers['ce_type'] ?? '', data: JSON.parse(value) as Record<string, unknown> }));
  }

  test('are created once; the same again changes nothing and keeps the generation', async () => {
    const first = await put('once', { step: 2 });
    expect(first.body).toMatchObject({
      result: 'created',
      resource: { generation: 1, spec: { step: 2 } },
      differences: [{ path: '/spec', from: null, to: { step: 2 } }],
    });
    const again = await put('once', { step: 2 });
    expect(again.body).toMatchObject({ result: 'unchanged', resource: { generation: 1 }, differences: [] });
  });

  test('a change tells its differences and raises the generation; one of the metadata alone does not', async () => {
    await put('changing', { step: 2 });
    const changed = await put('changing', { step: 3 });
    expect(changed.body).toMatchObject({
      result: 'changed',
      resource: { generation: 2 },
      differences: [{ path: '/spec/step', from: 2, to: 3 }],
    });
    const described = await send<Applied & { resource: { generation: number } }>(
      'PUT',
      '/v1/counters/changing',
      counter('changing', { step: 3 }, { description: 'three' }),
    );
    expect(described.body).toMatchObject({
      result: 'changed',
      resource: { generation: 2 },
      differences: [{ path: '/metadata/description', from: null, to: 'three' }],
    });
  });

  test('dryRun answers the same and changes nothing', async () => {
    expect((await put('dry', { step: 1 }, '?dryRun=true')).body.result).toBe('created');
    expect((await send('GET', '/v1/counters/dry')).status).toBe(404);
    expect((await put('dry', { step: 1 }, '?dryrun=true')).status).toBe(400);
  });

  test('all faults are told at once, and nothing is changed', async () => {
    const answer = await send<Problem>('PUT', '/v1/counters/faulty', counter('faulty', { step: 0, afer: 'x' }));
    expect(answer.status).toBe(422);
    expect(answer.body.faults?.map(({ path }) => path)).toContain('/spec/step');
    expect(answer.body.detail).toContain('afer');
    const semantic = await send<Problem>('PUT', '/v1/counters/faulty', counter('faulty', { step: 1, after: 'nobody' }));
    expect(semantic.body.faults).toEqual([{ path: '/spec/after', message: 'there is no Counter nobody, which faulty comes after' }]);
    expect((await send('GET', '/v1/counters/faulty')).status).toBe(404);
  });

  test('a resource goes to its own path', async () => {
    const answer = await send<Problem>('PUT', '/v1/counters/one', { ...counter('other', { step: 1 }), kind: 'Counte' });
    expect(answer.status).toBe(422);
    expect(answer.body.faults?.map(({ path }) => path)).toEqual(['/kind', '/metadata/name']);
  });

  test('a set refers to itself, and is applied together or not at all', async () => {
    const good = await send<{ results: Applied[] }>('POST', '/v1/apply/tally', {
      dryRun: false,
      resources: [counter('second', { step: 1, after: 'first' }), counter('first', { step: 1 })],
    });
    expect(good.body.results.map(({ result }) => result)).toEqual(['created', 'created']);
    const bad = await send<Problem>('POST', '/v1/apply/tally', {
      dryRun: false,
      resources: [
        counter('third', { step: 1 }),
        counter('fourth', { step: 1, after: 'missing' }),
        counter('Fifth!', { step: -1 }),
        { kind: 'Countr' },
        counter('third', { step: 2 }),
      ],
    });
    expect(bad.status).toBe(422);
    expect(new Set(bad.body.faults?.map(({ path }) => path.split('/')[1]))).toEqual(new Set(['1', '2', '3', '4']));
    expect((await send('GET', '/v1/counters/third')).status).toBe(404);
  });

  test('an unknown kind is refused with the near one', async () => {
    const answer = await send<Problem>('POST', '/v1/apply/tally', {
      dryRun: true,
      resources: [{ ...counter('x', { step: 1 }), kind: 'Countr' }],
    });
    expect(answer.body.faults).toEqual([{ path: '/0/kind', message: 'Countr is no kind of this service. Did you mean Counter?' }]);
  });

  test('If-Match refuses a change of what somebody else has changed', async () => {
    await put('matched', { step: 1 });
    const etag = (await send('GET', '/v1/counters/matched')).headers.get('etag') ?? '';
    expect(etag).toBe('"1"');
    expect((await put('matched', { step: 2 }, '', { 'if-match': etag })).body.result).toBe('changed');
    const late = await send<Problem>('PUT', '/v1/counters/matched', counter('matched', { step: 9 }), { 'if-match': etag });
    expect(late).toMatchObject({ status: 412, body: { code: 'precondition-failed' } });
    expect((await send<{ spec: object }>('GET', '/v1/counters/matched')).body.spec).toEqual({ step: 2 });
  });

  test('what others need cannot be deleted; the rest can, and its generation goes on', async () => {
    await put('base', { step: 1 });
    await put('upon', { step: 1, after: 'base' });
    const refused = await send<Problem>('DELETE', '/v1/counters/base');
    expect(refused).toMatchObject({ status: 409, body: { faults: [{ message: 'upon comes after it' }] } });
    expect((await send<Applied>('DELETE', '/v1/counters/upon')).body.result).toBe('deleted');
    expect((await send('GET', '/v1/counters/upon')).status).toBe(404);
    expect((await put('upon', { step: 1, after: 'base' })).body).toMatchObject({ result: 'created', resource: { generation: 2 } });
    expect((await send<Problem>('DELETE', '/v1/counters/never')).status).toBe(404);
  });

  test('lists name the kept ones in order', async () => {
    await put('list-b', { step: 1 });
    await put('list-a', { step: 1 });
    const { body } = await send<{ items: { metadata: { name: string } }[] }>('GET', '/v1/counters');
    const names = body.items.map(({ metadata }) => metadata.name);
    expect(names.filter((name) => name.startsWith('list-'))).toEqual(['list-a', 'list-b']);
    expect(names).toEqual([...names].sort());
  });

  test('each change is said once, with its maker in the audit', async () => {
    const headers = { 'x-actor': 'ada', 'x-reason': 'because' };
    await put('said', { step: 1 }, '', headers);
    await put('said', { step: 1 }, '', headers);
    await put('said', { step: 2 }, '?dryRun=true', headers);
    await put('said', { step: 2 }, '', headers);
    await send('DELETE', '/v1/counters/said', undefined, headers);
    const said = (await recordsOf(tallies.name)).filter(({ data }) => data['name'] === 'said');
    expect(said.map(({ data }) => [data['generation'], data['deleted']])).toEqual([
      [1, false],
      [2, false],
      [2, true],
    ]);
    const audited = (await recordsOf(audit.name)).filter(({ data }) => data['target'] === 'Counter/said');
    expect(audited.map(({ data }) => [data['actor'], data['action'], data['reason']])).toEqual([
      ['ada', 'apply', 'because'],
      ['ada', 'apply', 'because'],
      ['ada', 'delete', 'because'],
    ]);
  });

  test('many writers at once: one change each, and the generation counts them', async () => {
    await put('raced', { step: 100 });
    const answers = await Promise.all(Array.from({ length: 8 }, (_, index) => put('raced', { step: index + 1 })));
    expect(answers.map(({ body }) => body.resource.generation).sort((a, b) => a - b)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
  });
});
