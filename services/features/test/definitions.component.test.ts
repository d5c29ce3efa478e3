import { featureDefinitions } from '@roofshot/contracts/features';
import { eventually } from '@roofshot/testing/eventually';
import { exampleResources, FeaturesHarness } from './features-harness.ts';
import { eventsOf, expectedVector, generateFlights, iso } from './flights.ts';

const flights = generateFlights(300, { from: '2001-01-15T00:00:00Z', hours: 20, seed: 11 });
const events = eventsOf(flights);
const END = '2001-01-16T00:00:00Z';
const declared = exampleResources('features.yaml');
const find = (name: string): (typeof declared)[number] =>
  declared.find(({ metadata }) => metadata.name === name) as (typeof declared)[number];
const asked = { entities: { origin: 'ORD', destination: 'LAX' }, context: { hour: 1, weekday: 1, distance: 1 }, asOf: END };
const expected = {
  ...expectedVector(flights, { origin: 'ORD', destination: 'LAX', time: Date.parse(END) }),
  hour: 1,
  weekday: 1,
  distance: 1,
};

describe('definitions', () => {
  let harness: FeaturesHarness;

  beforeAll(async () => {
    harness = await FeaturesHarness.start();
  });
  afterAll(() => harness.stop());

  test('a faulty set changes nothing, and every fault is told with the nearest names', async () => {
    const landings = find('airport-landings');
    const broken = [
      find('airport'),
      { ...landings, spec: { ...landings.spec, entity: 'airprt', windows: ['7m'] } },
      { ...find('flight-risk'), spec: { ...find('flight-risk').spec, views: [{ role: 'a', view: 'airport-landing', keys: {} }] } },
    ];
    const { status, body } = await harness.apply(broken);
    expect(status).toBe(422);
    expect(body.faults.map(({ path, message }) => `${path} ${message}`)).toEqual([
      '/1/spec/entity there is no Entity "airprt"; nearest: airport',
      '/1/spec/windows/0 7m is not a multiple of the tile 5m',
      expect.stringContaining('/2/spec/views/0/view there is no FeatureView "airport-landing"'),
    ]);
    expect((await harness.send<{ items: unknown[] }>('GET', '/v1/entities')).body.items).toEqual([]);
  });

  test('what is applied is said on the definitions topic; applying it again changes nothing', async () => {
    expect((await harness.apply(declared)).body.results.map(({ result }) => result)).toEqual(declared.map(() => 'created'));
    const said = await harness.said(featureDefinitions.name);
    expect(said.map(({ type, data }) => `${type} ${String(data['name'])}`)).toEqual(
      expect.arrayContaining(['entity.changed network', 'feature-view.changed airport-landings', 'feature-service.changed flight-risk']),
    );
    expect((await harness.apply(declared)).body.results.map(({ result }) => result)).toEqual(declared.map(() => 'unchanged'));
    expect(await harness.said(featureDefinitions.name)).toHaveLength(said.length);
  });

  test('views that are applied after the events, or changed, fold the log from its first event', async () => {
    await harness.accept(events);
    await harness.progress(END);
    await harness.reach(END);
    expect((await harness.read([asked]))[0]?.values).toEqual(expected);
    const landings = find('airport-landings');
    const renamed = { ...landings, metadata: { name: 'landings-anew' } };
    const changed = { ...landings, spec: { ...landings.spec, windows: ['1h', '3h', '24h', '48h'] } };
    const service = { ...find('flight-risk'), metadata: { name: 'risk-anew' } };
    const views = (service.spec['views'] as { view: string }[]).map((view) =>
      view.view === 'airport-landings' ? { ...view, view: 'landings-anew' } : view,
    );
    expect((await harness.apply([renamed, changed, { ...service, spec: { ...service.spec, views } }])).status).toBe(200);
    await harness.reach(END);
    await harness.switched('airport-landings');
    expect((await harness.read([asked], 'risk-anew'))[0]?.values).toEqual(expected);
    expect((await harness.read([asked]))[0]?.values).toMatchObject(expected);
  });

  test('a service that asks for nothing is read without entities and context', async () => {
    const views = [{ role: 'network', view: 'network-landings' }];
    expect((await harness.apply([{ ...find('flight-risk'), metadata: { name: 'network-only' }, spec: { views } }])).status).toBe(200);
    const [vector] = await harness.read([{ asOf: END }], 'network-only');
    expect(vector?.values['network__count_24h']).toBe(expected['network__count_24h' as keyof typeof expected]);
    await harness.send('DELETE', '/v1/feature-services/network-only');
  });

  test('keys of an entity stay while views are about it, and what is read cannot go', async () => {
    const reordered = { ...find('route'), spec: { keys: ['destination', 'origin'] } };
    expect((await harness.apply([reordered])).body.faults[0]?.message).toContain('the keys cannot change');
    const { spec } = find('network-landings');
    const shorter = { ...find('network-landings'), spec: { ...spec, features: [{ name: 'count', aggregation: 'count' }] } };
    const listed = { ...find('flight-risk'), metadata: { name: 'listed' } };
    const views = [{ role: 'network', view: 'network-landings', keys: {}, features: ['mean_delay_1h'] }];
    expect((await harness.apply([{ ...listed, spec: { ...listed.spec, views } }])).status).toBe(200);
    expect((await harness.apply([shorter])).body.faults[0]?.message).toContain('FeatureService "listed" reads it');
    expect((await harness.send('DELETE', '/v1/feature-views/network-landings')).status).toBe(409);
    expect((await harness.send('DELETE', '/v1/entities/network')).status).toBe(409);
  });

  test('the state of a deleted view is cleared, online too', async () => {
    await harness.send('DELETE', '/v1/feature-services/risk-anew');
    expect((await harness.send('DELETE', '/v1/feature-views/landings-anew')).status).toBe(200);
    const key = { view: 'landings-anew@1', entity: '["ORD"]' };
    await eventually(async () => {
      const rows = await harness.database.sql.query(`SELECT 1 FROM features.series WHERE view = 'landings-anew@1'`);
      const [online] = await harness.online.get([key]);
      return rows.length === 0 && online?.value === null;
    });
  });

  test('a preview shows values of the last events and applies nothing', async () => {
    const view = { ...find('airport-landings'), metadata: { name: 'not-applied' } };
    const { status, body } = await harness.send<{ events: number; rows: Record<string, unknown>[]; warnings: string[] }>(
      'POST',
      '/v1/feature-views/preview',
      { view, events: 50 },
    );
    expect(status).toBe(200);
    expect(body.events).toBe(50);
    expect(body.rows.reduce((sum, row) => sum + Number(row['count_24h']), 0)).toBe(50);
    expect(Object.keys(body.rows[0] ?? {})).toEqual(expect.arrayContaining(['airport', 'mean_delay_1h']));
    expect((await harness.send('GET', '/v1/feature-views/not-applied')).status).toBe(404);
  });

  test('a preview of a faulty view tells its faults', async () => {
    const view = { ...find('airport-landings'), spec: { ...find('airport-landings').spec, tile: '7m' } };
    const { status, body } = await harness.send<{ faults: { path: string }[] }>('POST', '/v1/feature-views/preview', { view });
    expect(status).toBe(400);
    expect(body.faults[0]?.path).toBe('/view/spec/windows/0');
  });

  test('a preview warns of values with the wrong type', async () => {
    const { spec } = find('airport-landings');
    const view = {
      ...find('airport-landings'),
      spec: { ...spec, features: [{ name: 'wrong', aggregation: 'mean', value: 'data.flight' }] },
    };
    const { body } = await harness.send<{ warnings: string[] }>('POST', '/v1/feature-views/preview', { view, events: 5 });
    expect(body.warnings).toEqual([
      'every value of the feature "wrong" is null: `data.flight` is no number in any of 5 events',
      '5 events would be parked, and count for nothing: a mean needs numbers and got a string',
    ]);
  });

  test('the service starts again with its definitions and goes on where it was', async () => {
    await harness.stopService();
    const later = iso(Date.parse(END) + 3_600_000);
    await harness.progress(later);
    await harness.run();
    await harness.reach(later);
    expect((await harness.read([asked]))[0]?.values).toMatchObject(expected);
  });
});
