/** The doors of Feast's feature server, asked with what Feast's own client sent (feast/record.ts) and otherwise. */
import { readFileSync } from 'node:fs';
import type { OnlineFeatures } from '@roofshot/contracts/http/feast';
import type { FeaturesHarness } from './features-harness.ts';
import { expected, startGround } from './feast/feast-ground.ts';

interface Traffic {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: unknown;
  readonly status: number;
  readonly answer: unknown;
}
interface Case {
  readonly traffic: readonly Traffic[];
  /** What the client made of the answers. */
  readonly returned?: {
    readonly values: Record<string, unknown[]>;
    readonly kinds: Record<string, string[]>;
    readonly statuses: Record<string, number[]>;
  };
  readonly raised?: string;
  readonly message?: string;
}

const { cases } = JSON.parse(readFileSync(new URL('feast/client.json', import.meta.url), 'utf8')) as { cases: Record<string, Case> };
const names = Object.keys(cases);
const caseOf = (name: string): Case => {
  const found = cases[name];
  if (found === undefined) throw new Error(`client.json has no case "${name}". Record it again: see feast/record.ts.`);
  return found;
};

let harness: FeaturesHarness;
beforeAll(async () => {
  harness = await startGround();
}, 60_000);
afterAll(() => harness.stop());

const post = (body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${harness.url}/get-online-features`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
const read = async (body: unknown): Promise<OnlineFeatures> => (await post(body)).json() as Promise<OnlineFeatures>;

/** Each request has an id of its own. */
const comparable = (answer: unknown): unknown =>
  typeof answer === 'string' ? { ...(JSON.parse(answer) as object), correlationId: 'any' } : answer;

describe("what Feast's client has sent", () => {
  test.each(names)('is answered as it was when the client read it: %s', async (name) => {
    for (const { path, headers, body, status, answer } of caseOf(name).traffic) {
      expect(path).toBe('/get-online-features');
      const response = await post(body, headers);
      expect(response.status).toBe(status);
      expect(response.headers.get('content-type')).toContain('application/json');
      expect(comparable(await response.json())).toEqual(comparable(answer));
    }
  });

  test('was read as the values of the definition, row by row', () => {
    const { values = {} } = caseOf('a feature service').returned ?? {};
    const rows = ['ORD', 'DFW'].map((_, i) => Object.fromEntries(Object.entries(values).map(([name, column]) => [name, column[i]])));
    expect(rows[0]).toMatchObject({ ...expected('ORD'), hour: 6, distance: 1745.5, origin: 'ORD' });
    expect(rows[1]).toMatchObject({ ...expected('DFW'), hour: 7, distance: 900, origin: 'DFW' });
  });

  test('was read as integers where it counts, and as floats where it measures, whole ones too', () => {
    const { kinds = {} } = caseOf('a feature service').returned ?? {};
    const features = Object.entries(kinds).filter(([name]) => name.includes('__'));
    expect(features.length).toBeGreaterThan(30);
    for (const [name, kind] of features) expect([name, kind]).toEqual([name, [name.includes('__count_') ? 'int64_val' : 'double_val']]);
  });

  test('became the exceptions of Feast, with our words', () => {
    const raised = Object.entries(cases).flatMap(([name, one]) => (one.raised === undefined ? [] : [[name, one.raised, one.message]]));
    expect(raised).toEqual([
      ['an unknown view', 'FeatureViewNotFoundException', expect.stringContaining('nearest: airport-landings')],
      ['an unknown feature', 'FeastObjectNotFoundException', expect.stringContaining('nearest: count_1h')],
      ['an unknown feature service', 'FeatureServiceNotFoundException', expect.stringContaining('nearest: flight-risk')],
      ['two features of one name', 'FeatureNameCollisionError', expect.stringContaining('Set full_feature_names')],
      ['a missing join key', 'FeastEntityDFMissingColumnsError', expect.stringContaining('destination (a key of route-landings)')],
      ['a missing context', 'RequestDataNotFoundInEntityRowsException', expect.stringContaining('hour')],
    ]);
  });

  test('told who is not there: NOT_FOUND is 3 in its protocol', () => {
    const { statuses = {} } = caseOf('two views under full names').returned ?? {};
    expect(statuses['airport-landings__count_1h']).toEqual([1, 3]);
  });
});

describe('features as Feast reads them', () => {
  const features = ['airport-landings:count_1h', 'airport-landings:mean_delay_24h', 'airport-landings:late_share_24h'];

  test('have the values that serving reads', async () => {
    const { results } = await read({ features, entities: { airport: ['LAX'] } });
    const values = expected('ORD', 'LAX');
    expect(results.map((vector) => vector.values[0])).toEqual([
      'LAX',
      values['destination__count_1h'],
      values['destination__mean_delay_24h'],
      values['destination__late_share_24h'],
    ]);
  });

  test('of hundreds of entities are right in every row', async () => {
    const airports = Array.from({ length: 400 }, (_, i) => ['ORD', 'XXX', 'ATL', null][i % 4] ?? null);
    const { results } = await read({ features, entities: { airport: airports } });
    const [counts, means] = [results[1], results[2]];
    for (const i of [0, 2, 398, 396]) {
      expect(counts?.values[i]).toBe(expected(String(airports[i]))['inbound__count_1h']);
      expect(means?.values[i]).toBe(expected(String(airports[i]))['inbound__mean_delay_24h']);
    }
    expect(means?.statuses.filter((status) => status === 'NOT_FOUND')).toHaveLength(200);
  });

  test('of everything need no columns', async () => {
    const { metadata, results } = await read({ features: ['network-landings:count_24h'], entities: {} });
    expect(metadata.feature_names).toEqual(['count_24h']);
    expect(results[0]).toMatchObject({ values: [expected('ORD')['network__count_24h']], statuses: ['PRESENT'] });
  });

  test('follow a changed view when it has taken its place, and tell its version', async () => {
    const asked = {
      features: ['airport-departures:count_1h'],
      entities: { airport: ['ORD'] },
      include_feature_view_version_metadata: true,
    };
    const versionOf = async (): Promise<unknown> => (await read(asked)).metadata.feature_view_metadata;
    expect(await versionOf()).toEqual([{ name: 'airport-departures', version: 1 }]);
    const view = await harness.send<{ spec: { windows: string[] } }>('GET', '/v1/feature-views/airport-departures');
    const changed = { ...view.body, spec: { ...view.body.spec, windows: [...view.body.spec.windows, '48h'] } };
    expect((await harness.send('PUT', '/v1/feature-views/airport-departures', changed)).status).toBe(200);
    await harness.switched('airport-departures');
    expect(await versionOf()).toEqual([{ name: 'airport-departures', version: 2 }]);
  });
});

describe('who is not a client of Feast', () => {
  test('is told in problem details, with every fault', async () => {
    const response = await post({ features: ['airport-landing:count_1h', 'airport-landings:x'], entities: { airport: ['ORD'] } });
    expect([response.status, response.headers.get('content-type')]).toEqual([404, 'application/problem+json; charset=utf-8']);
    expect(await response.json()).toMatchObject({
      code: 'not-found',
      detail: expect.stringContaining('nearest: airport-landings') as string,
      faults: [{ path: '/features/0' }, { path: '/features/1' }],
    });
  });

  test('is told in problem details when it says so, whatever it is', async () => {
    const headers = { 'user-agent': 'python-requests/2.34.2', accept: 'application/problem+json' };
    const response = await post({ feature_service: 'none', entities: {} }, headers);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
  });

  test.each([
    [{ features: ['airport-landings:count_1h'] }, ''],
    [{ features: ['airport-landings:count_1h'], entities: { airport: 'ORD' } }, '/entities/airport'],
    [{ features: ['airport-landings:count_1h'], entities: { airport: [['ORD']] } }, '/entities/airport/0'],
  ])('is told where its request is not one: %j', async (body, path) => {
    const response = await post(body);
    const { faults } = (await response.json()) as { faults: { path: string }[] };
    expect([response.status, faults.map((fault) => fault.path)]).toEqual([400, expect.arrayContaining([path])]);
  });
});

test('health is told by its status alone', async () => {
  const response = await fetch(`${harness.url}/health`);
  expect([response.status, await response.text()]).toEqual([200, '']);
});
