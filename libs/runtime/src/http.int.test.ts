import { Type } from 'typebox';
import { Closed } from '@roofshot/contracts/define';
import { lostServer } from '@roofshot/storage/sql-errors';
import { currentContext } from '@roofshot/telemetry/context';
import { snapshot } from '@roofshot/telemetry/define-metrics';
import { eventually } from '@roofshot/testing/eventually';
import { startHttpApp, type HttpApp } from '../test/http-app.ts';
import { Wait, waitMs } from './durations.ts';
import { DomainError } from './errors.ts';
import type { HttpRoutes } from './http.ts';
import { openApiOf } from './openapi.ts';
import { Signal } from './signal.ts';

const changes = new Signal();

function register(http: HttpRoutes): void {
  http.route({
    method: 'POST',
    url: '/v1/counts/:name',
    summary: 'Adds.',
    params: Type.Object({ name: Type.String({ pattern: '^[a-z]+$' }) }),
    query: Closed({ times: Type.Integer({ minimum: 1, default: 1 }), tags: Type.Optional(Type.Array(Type.String())) }),
    body: Type.Object({ amount: Type.Integer(), note: Type.Optional(Type.Object({ text: Type.String() })) }),
    response: Type.Object({ sum: Type.Integer(), tags: Type.Array(Type.String()) }),
    status: 201,
    handler: ({ params, query, body }) => ({ sum: params.name.length + query.times * body.amount, tags: query.tags ?? [] }),
  });
  http.route({ method: 'GET', url: '/v1/context', summary: 'Tells the context.', handler: () => currentContext() });
  http.route({
    method: 'GET',
    url: '/v1/failing',
    summary: 'Fails.',
    handler: () => {
      throw new Error('the inside');
    },
  });
  const failures: Readonly<Record<string, unknown>> = {
    bug: new TypeError('undefined is not a function'),
    away: lostServer('Redis at cache:6379', 'connect ECONNREFUSED', 'not applied', undefined),
    full: Object.assign(new Error('write'), { code: 'ENOSPC' }),
    'not-ready': new DomainError('unavailable', 'It is not ready yet.'),
  };
  http.route({
    method: 'GET',
    url: '/v1/failing/:how',
    summary: 'Fails.',
    params: Type.Object({ how: Type.String() }),
    handler: ({ params: { how } }) => {
      throw failures[how];
    },
  });
  http.route({
    method: 'GET',
    url: '/v1/refusing',
    summary: 'Refuses.',
    handler: () => {
      throw new DomainError('conflict', 'It is so already.');
    },
  });
  http.route({
    method: 'POST',
    url: '/v1/small',
    summary: 'Takes little.',
    bodyLimit: 64,
    body: Type.Unknown(),
    handler: () => ({ ok: true }),
  });
  http.route({
    method: 'GET',
    url: '/v1/held',
    summary: 'Held.',
    query: Closed({ wait: Type.Optional(Wait) }),
    response: Type.Object({ changed: Type.Boolean() }),
    handler: async ({ query, signal }) => {
      const isChanged = await changes.waitUntil(() => false, { timeoutMs: waitMs(query.wait), signal });
      return { changed: isChanged === true };
    },
  });
}

async function problemOf(
  response: Response,
): Promise<{ status: number; code: string; detail: string; faults?: { path: string; message: string }[]; correlationId?: string }> {
  expect(response.headers.get('content-type')).toContain('application/problem+json');
  return (await response.json()) as never;
}

describe('typed routes', () => {
  let app: HttpApp;
  beforeAll(async () => {
    app = await startHttpApp(register);
  });
  afterAll(() => app.close());

  const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(app.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });

  test('convert the texts of path and query, fill in defaults and answer the status', async () => {
    const plain = await post('/v1/counts/ab', { amount: 3 });
    expect(plain.status).toBe(201);
    expect(await plain.json()).toEqual({ sum: 5, tags: [] });
    const full = await post('/v1/counts/ab?times=2&tags=x&tags=y', { amount: 3 });
    expect(await full.json()).toEqual({ sum: 8, tags: ['x', 'y'] });
  });

  test('refuse a faulty body with every pointer', async () => {
    const problem = await problemOf(await post('/v1/counts/ab', { amount: 'three', note: { text: 1 } }));
    expect(problem.status).toBe(400);
    expect(problem.faults?.map(({ path }) => path)).toEqual(['/amount', '/note/text']);
  });

  test('refuse faulty and unknown query parameters and path parts', async () => {
    const query = await problemOf(await post('/v1/counts/ab?times=0&tims=2', { amount: 3 }));
    expect(query.faults?.map(({ path }) => path).sort()).toEqual(['/query/times', '/query/tims']);
    expect(query.detail).toContain('tims');
    const path = await problemOf(await post('/v1/counts/AB', { amount: 3 }));
    expect(path.faults?.map(({ path: at }) => at)).toEqual(['/params/name']);
  });

  test('refuse what is no JSON, no body, too large, of another type, or no URL, each with a sentence', async () => {
    expect(await problemOf(await post('/v1/counts/ab', '{"amount":'))).toMatchObject({ status: 400, code: 'invalid' });
    expect(await problemOf(await fetch(`${app.url}/v1/counts/ab`, { method: 'POST' }))).toMatchObject({
      status: 400,
      detail: expect.stringContaining('body is missing'),
    });
    expect(await problemOf(await post('/v1/small', 'x'.repeat(100)))).toMatchObject({ status: 413, code: 'too-large' });
    expect(await problemOf(await post('/v1/small', 'a=1', { 'content-type': 'text/weird' }))).toMatchObject({
      status: 415,
      code: 'unsupported-media-type',
    });
    expect(await problemOf(await fetch(`${app.url}/v1/counts/%zz`))).toMatchObject({ status: 400 });
    expect(await problemOf(await fetch(`${app.url}/nowhere`))).toMatchObject({ status: 404, code: 'not-found' });
  });

  test('carry correlation id and trace into the work, and echo the id', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const response = await fetch(`${app.url}/v1/context`, { headers: { 'x-correlation-id': 'my-id', traceparent } });
    expect(response.headers.get('x-correlation-id')).toBe('my-id');
    const context = (await response.json()) as { service: string; correlationId: string; traceparent: string };
    expect(context).toMatchObject({ service: 'tally', correlationId: 'my-id' });
    expect(context.traceparent).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-(?!b7ad6b7169203331)[0-9a-f]{16}-01$/);
  });

  test('make an id where there is none, and tell it with a problem', async () => {
    const response = await fetch(`${app.url}/v1/refusing`);
    const problem = await problemOf(response);
    expect(problem).toMatchObject({ status: 409, code: 'conflict', detail: 'It is so already.' });
    expect(problem.correlationId).toBe(response.headers.get('x-correlation-id'));
    expect(problem.correlationId).toMatch(/^[0-9a-f]{32}$/);
  });

  test('a failure is logged with its correlation id, and only its id goes out', async () => {
    const response = await fetch(`${app.url}/v1/failing`, { headers: { 'x-correlation-id': 'find-me' } });
    expect(await problemOf(response)).toMatchObject({ status: 500, correlationId: 'find-me' });
    const line = app.lines
      .map((text) => JSON.parse(text) as Record<string, unknown>)
      .find((record) => record['message'] === 'A request failed.');
    expect(line).toMatchObject({ 'service.name': 'tally', 'labels.correlation_id': 'find-me', 'error.message': 'the inside' });
  });

  test.each([
    ['a bug', 'bug', 500, 'error'],
    ['a server that is away', 'away', 503, 'warn'],
    ['a full disk', 'full', 503, 'warn'],
    ['a service that is not ready', 'not-ready', 503, 'warn'],
  ])('%s is logged by whether it passes by itself', async (_, how, status, level) => {
    const correlation = `fails-${how}`;
    expect((await fetch(`${app.url}/v1/failing/${how}`, { headers: { 'x-correlation-id': correlation } })).status).toBe(status);
    const lines = app.lines.map((text) => JSON.parse(text) as Record<string, unknown>);
    expect(lines.find((line) => line['message'] === 'A request failed.' && line['labels.correlation_id'] === correlation)).toMatchObject({
      'log.level': level,
      'labels.route': '/v1/failing/:how',
    });
  });

  test('each request is one line at debug and one measurement by route', async () => {
    await fetch(`${app.url}/v1/refusing?x=1`, { headers: { 'x-correlation-id': 'line-1' } });
    const line = await eventually(
      () =>
        app.lines
          .map((text) => JSON.parse(text) as Record<string, unknown>)
          .find((record) => record['labels.correlation_id'] === 'line-1' && record['log.level'] === 'debug') ?? null,
    );
    expect(line).toMatchObject({ 'http.request.method': 'GET', 'http.response.status_code': 409, 'labels.route': '/v1/refusing' });
    const series = snapshot().filter(({ name }) => name === 'roofshot.tally.http.ms');
    expect(series.map(({ tags }) => tags)).toContainEqual({ route: '/v1/refusing', method: 'GET', status: '4xx' });
  });

  test('a held request answers when its time is over, and one that asks for too long is refused', async () => {
    expect(await (await fetch(`${app.url}/v1/held?wait=10ms`)).json()).toEqual({ changed: false });
    expect(await problemOf(await fetch(`${app.url}/v1/held?wait=1h`))).toMatchObject({
      status: 400,
      faults: [{ path: '/query/wait', message: 'must be at most 60s' }],
    });
  });

  test('a held request ends when its client has gone', async () => {
    const client = new AbortController();
    const held = fetch(`${app.url}/v1/held?wait=60s`, { signal: client.signal });
    await eventually(() => changes.waiting === 1);
    client.abort();
    await expect(held).rejects.toThrow('aborted');
    await eventually(() => changes.waiting === 0);
  });

  test('are described as OpenAPI 3.1 by the same schemas', () => {
    const { paths } = openApiOf('tally', app.http.documents) as {
      paths: Record<string, Record<string, { parameters: object[]; responses: object }>>;
    };
    const operation = paths['/v1/counts/{name}']?.['post'];
    expect(operation?.parameters).toEqual([
      { name: 'name', in: 'path', required: true, schema: { type: 'string', pattern: '^[a-z]+$' } },
      { name: 'times', in: 'query', required: false, schema: { type: 'integer', minimum: 1, default: 1 } },
      { name: 'tags', in: 'query', required: false, schema: { type: 'array', items: { type: 'string' } } },
    ]);
    expect(Object.keys(operation?.responses ?? {})).toEqual(['201', 'default']);
  });

  test('refuse at registration a parameter that no schema covers', () => {
    expect(() => app.http.route({ method: 'GET', url: '/v1/bare/:id', summary: 'Bare.', handler: () => null })).toThrow('no schema for id');
  });
});

test('a service that stops refuses new requests, lets held ones answer, and tells its health until the end', async () => {
  const app = await startHttpApp((http) => {
    register(http);
    http.route({ method: 'GET', url: '/readyz', summary: 'Ready.', handler: () => ({ ready: false }) });
  });
  const held = fetch(`${app.url}/v1/held?wait=60s`);
  await eventually(() => changes.waiting === 1);
  await expect(app.http.intake.close(5_000)).resolves.toBe(0);
  expect(await (await held).json()).toEqual({ changed: false });
  expect(await problemOf(await fetch(`${app.url}/v1/context`))).toMatchObject({ status: 503, code: 'unavailable' });
  expect((await fetch(`${app.url}/readyz`)).status).toBe(200);
  await app.close();
});
