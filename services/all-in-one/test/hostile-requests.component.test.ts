/** Every route of every service, asked with values that nobody means: whatever is answered, the service has not failed on it. */
import { allServices } from '../src/services.ts';
import { WholePlatform } from './whole-platform.ts';

let platform: WholePlatform;
beforeAll(async () => {
  platform = await WholePlatform.start();
  await platform.declareShop();
  const range = { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z', asOf: '2026-01-02T00:00:00Z' };
  await platform.ask('training', '/v1/training-runs', 'POST', { runId: 'shop-1', job: 'by-amount', ...range });
}, 120_000);
afterAll(() => platform.stop(), 60_000);

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly required: boolean;
}
interface Operation {
  readonly parameters: readonly Parameter[];
  readonly requestBody?: unknown;
}
interface Request {
  readonly method: string;
  readonly path: string;
  readonly hasBody: boolean;
}

/** As they stand in a URL. */
const HOSTILE: readonly string[] = [
  '%00',
  'a%00b',
  '%0A',
  '%7F',
  '0',
  '-1',
  '1.5',
  '2147483648',
  '3000000000',
  '9223372036854775808',
  '9'.repeat(40),
  '1e999',
  'NaN',
  'x'.repeat(600),
  'x'.repeat(5_000),
  '%2F',
  '..%2F..%2Fetc%2Fpasswd',
  '%ED%A0%80',
  '%FF',
  '%',
  '%zz',
  '%F0%9F%92%A5',
  '%27%3B--',
  '__proto__',
  'constructor',
  '',
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:60Z',
  '9999-12-31T23:59:59-23:59',
  '2026-02-30T00:00:00Z',
  '99999999999999999999d',
  '9007199254740993ms',
];
const NAMES: Readonly<Record<string, string>> = {
  'event-types': 'order.placed',
  entities: 'customer',
  'feature-views': 'shop-orders',
  'training-jobs': 'by-amount',
  metrics: 'cost-per-order',
  experiments: 'history',
};
const KNOWN: Readonly<Record<string, string>> = {
  alias: 'champion',
  version: '1',
  runId: 'shop-1',
  number: '1',
  unit: 'order-1',
  id: 'order-1',
  reason: 'test',
  wait: '1ms',
};

/** A value with which the request goes past this parameter. */
const meant = (name: string, path: string): string => KNOWN[name] ?? NAMES[path.split('/')[2] ?? ''] ?? 'return-risk';

function requestsOf(method: string, path: string, { parameters, requestBody }: Operation): Request[] {
  const hasBody = requestBody !== undefined;
  return parameters.flatMap((hostile) => {
    const urls = HOSTILE.map((value) => urlOf(path, parameters, { hostile, value }));
    const twice = hostile.in === 'query' ? [`${urlOf(path, parameters, { hostile, value: 'a' })}&${hostile.name}=b`] : [];
    return [...urls, ...twice].map((url) => ({ method, path: url, hasBody }));
  });
}

function urlOf(path: string, parameters: readonly Parameter[], { hostile, value }: { hostile: Parameter; value: string }): string {
  const valueOf = (parameter: Parameter): string => (parameter === hostile ? value : meant(parameter.name, path));
  const inPath = parameters.filter((parameter) => parameter.in === 'path');
  const inQuery = parameters.filter((parameter) => parameter.in === 'query' && (parameter.required || parameter === hostile));
  const filled = inPath.reduce((url, parameter) => url.replace(`{${parameter.name}}`, () => valueOf(parameter)), path);
  const query = inQuery.map((parameter) => `${parameter.name}=${valueOf(parameter)}`).join('&');
  return query === '' ? filled : `${filled}?${query}`;
}

async function requestsTo(service: string): Promise<Request[]> {
  const { paths } = JSON.parse((await platform.ask(service, '/openapi.json')).text) as {
    paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  };
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => [method.toUpperCase(), path, operation] as const),
  );
  return operations.flatMap((operation) => requestsOf(...operation));
}

/** The status, or what else became of the request. */
async function askOnce(service: string, { method, path, hasBody }: Request): Promise<number | string> {
  const body = hasBody ? { headers: { 'content-type': 'application/json' }, body: '{}' } : {};
  try {
    const answer = await fetch(platform.urlOf(service) + path, { method, ...body, signal: AbortSignal.timeout(10_000) });
    await answer.body?.cancel();
    return answer.status;
  } catch (error) {
    return String(error);
  }
}

/** Those that were answered with a failure, or not at all. */
async function failuresOf(service: string, requests: readonly Request[]): Promise<string[]> {
  const failed: string[] = [];
  for (const request of requests) {
    const status = await askOnce(service, request);
    if (typeof status === 'string' || status >= 500) failed.push(`${status} ${request.method} ${request.path.slice(0, 120)}`);
  }
  return failed;
}

test.each(allServices.map(({ name }) => name))(
  '%s answers every hostile value of a path or a query with a refusal or an answer',
  async (service) => {
    const requests = await requestsTo(service);
    expect(requests.length).toBeGreaterThan(HOSTILE.length);
    expect(await failuresOf(service, requests)).toEqual([]);
    expect((await platform.ask(service, '/healthz')).status).toBe(200);
  },
  120_000,
);

test('the gateway hands them on, or refuses them itself', async () => {
  const paths = [
    '/v1/models/:value',
    '/v1/training-runs/:value',
    '/v1/training-runs?job=:value',
    '/v1/experiments/history/assignments/:value',
    '/:value',
  ];
  const requests = paths.flatMap((path) =>
    HOSTILE.map((value) => ({ method: 'GET', path: path.replace(':value', () => value), hasBody: false })),
  );
  expect(await failuresOf('gateway', requests)).toEqual([]);
  expect((await platform.ask('gateway', '/healthz')).status).toBe(200);
}, 60_000);

const RANGE = { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z', asOf: '2026-01-02T00:00:00Z' };
const READS = {
  featureService: 'return-risk',
  observation: { eventType: 'order.placed', entities: { customer: 'data.customer' }, context: { amount: 'data.amount' } },
  label: { eventType: 'order.settled', name: 'returned', value: 'data.returned' },
};
const resource = (kind: string, spec: object, metadata: object = {}): object => ({
  apiVersion: 'roofshot/v1',
  kind,
  metadata: { name: 'hostile', ...metadata },
  spec,
});

/** Bodies as they are meant, but for one text. */
const BODIES: readonly (readonly [service: string, path: string, method: string, body: (bad: string) => object])[] = [
  ['training', '/v1/training-runs', 'POST', (bad) => ({ runId: bad, job: 'by-amount', ...RANGE })],
  ['training', '/v1/training-runs', 'POST', (bad) => ({ runId: 'reasoned', job: 'by-amount', reason: bad, ...RANGE })],
  ['training', '/v1/training-runs', 'POST', (bad) => ({ runId: 'timed', job: 'by-amount', ...RANGE, asOf: bad })],
  ['features', '/v1/training-snapshots', 'POST', (bad) => ({ snapshotId: bad, ...READS, ...RANGE })],
  ['features', '/v1/training-snapshots', 'POST', (bad) => ({ snapshotId: 'timed', ...READS, ...RANGE, to: bad })],
  [
    'features',
    '/v1/features/read',
    'POST',
    (bad) => ({ featureService: 'return-risk', requests: [{ entities: { customer: bad }, context: { amount: 1 } }] }),
  ],
  ['features', '/get-online-features', 'POST', (bad) => ({ feature_service: 'return-risk', entities: { customer: [bad], amount: [1] } })],
  ['features', '/get-online-features', 'POST', (bad) => ({ feature_service: bad, entities: { [bad]: [bad] } })],
  ['features', '/get-online-features', 'POST', (bad) => ({ features: [bad, `${bad}:x`, `x:${bad}`], entities: { [bad]: [bad] } })],
  ['ingestion', '/push', 'POST', (bad) => ({ push_source_name: bad, df: { customer: ['c'] } })],
  [
    'ingestion',
    '/push',
    'POST',
    (bad) => ({ push_source_name: 'order.placed', df: { customer: [bad], event_timestamp: [bad], subject: [bad], [bad]: [bad] } }),
  ],
  ['serving', '/v1/predict/return-risk', 'POST', (bad) => ({ unit: bad, entities: { customer: 'c' }, context: { amount: 1 } })],
  ['serving', '/v1/predict/return-risk', 'POST', (bad) => ({ unit: 'u', entities: { customer: bad }, context: { amount: 1 } })],
  [
    'serving',
    '/v1/predict/return-risk',
    'POST',
    (bad) => ({ unit: 'u', predictionId: bad, entities: { customer: 'c' }, context: { amount: 1 } }),
  ],
  ['registry', '/v1/models/return-risk/aliases/champion', 'PUT', (bad) => ({ version: 1, reason: bad })],
  ['registry', '/v1/models/return-risk/aliases/champion', 'PUT', (bad) => ({ version: Number(bad), reason: 'x' })],
  ['registry', '/v1/models/return-risk/aliases/champion', 'PUT', (bad) => ({ version: 1, expected: Number(bad), reason: 'x' })],
  ['experiments', '/v1/experiments/history/start', 'POST', (bad) => ({ at: bad })],
  ['experiments', '/v1/experiments/history/start', 'POST', (bad) => ({ requestedBy: bad, at: '2026-01-01T00:00:00Z' })],
  ['experiments', '/v1/experiments/history/stop', 'POST', (bad) => ({ reason: bad })],
  ['experiments', '/v1/statistics', 'POST', (bad) => ({ method: bad, input: {} })],
  [
    'ingestion',
    '/v1/event-types/hostile',
    'PUT',
    (bad) => resource('EventType', { schema: { const: bad }, pii: [bad] }, { description: bad }),
  ],
  ['features', '/v1/entities/hostile', 'PUT', (bad) => resource('Entity', { keys: [] }, { description: bad, owner: bad, tags: [bad] })],
  ['registry', '/v1/models/hostile', 'PUT', (bad) => resource('Model', { gates: [{ metric: bad, min: 0 }] })],
  [
    'experiments',
    '/v1/experiments/hostile',
    'PUT',
    (bad) =>
      resource('Experiment', {
        deployment: 'return-risk',
        unit: bad,
        hypothesis: bad,
        seed: bad,
        variants: [
          { name: 'control', serves: 'champion', weight: 0.5, control: true },
          { name: 'treatment', serves: 'challenger', weight: 0.5 },
        ],
        metric: 'cost-per-order',
        design: { duration: '1d' },
      }),
  ],
  ['experiments', '/v1/experiments/hostile/start', 'POST', () => ({})],
  ['experiments', '/v1/experiments/hostile', 'GET', () => ({})],
];
const BAD_TEXTS = [
  'a\0b',
  '\ud800',
  'a\nb',
  '',
  '3000000000',
  '9'.repeat(40),
  'x'.repeat(100_000),
  '2016-12-31T23:59:60Z',
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:59-23:59',
];

test.each(BAD_TEXTS)('bodies that hold %j somewhere are answered as well', async (bad) => {
  const failed: string[] = [];
  for (const [service, path, method, body] of BODIES) {
    const { status, text } = await platform.ask(service, path, method, method === 'GET' ? undefined : body(bad));
    if (status >= 500) failed.push(`${status} ${method} ${path} ${JSON.stringify(body(bad)).slice(0, 100)} ${text.slice(0, 100)}`);
  }
  expect(failed).toEqual([]);
});
