/** A changed view is computed beside the one that answers, compared with it, and put in its place at one moment. */
import { featureBackfills } from '@roofshot/contracts/features';
import type { BackfillAnswer } from '@roofshot/contracts/http/backfills';
import { eventually } from '@roofshot/testing/eventually';
import { exampleResources, FeaturesHarness } from './features-harness.ts';
import { eventsOf, expectedVector, generateFlights } from './flights.ts';

const flights = generateFlights(300, { from: '2001-01-15T00:00:00Z', hours: 20, seed: 17 });
const END = '2001-01-16T00:00:00Z';
const declared = exampleResources('features.yaml');
const landings = declared.find(({ metadata }) => metadata.name === 'airport-landings') as (typeof declared)[number];
const risk = declared.find(({ metadata }) => metadata.name === 'flight-risk') as (typeof declared)[number];
const asked = { entities: { origin: 'ORD', destination: 'LAX' }, context: { hour: 1, weekday: 1, distance: 1 }, asOf: END };
const expected = expectedVector(flights, { origin: 'ORD', destination: 'LAX', time: Date.parse(END) });

const changed = (over: object): object => ({ ...landings, spec: { ...landings.spec, ...over } });
/** The same means, of values that are clipped less; and one more feature. */
const OTHER = [
  { name: 'count', aggregation: 'count' },
  { name: 'mean_delay', aggregation: 'mean', value: 'data.delay' },
  { name: 'late_share', aggregation: 'share', value: 'data.delay > 15' },
  { name: 'worst', aggregation: 'max', value: 'data.delay' },
];

describe('back-fills', () => {
  let harness: FeaturesHarness;

  const backfill = async (wait = ''): Promise<BackfillAnswer> =>
    (await harness.send<BackfillAnswer>('GET', `/v1/feature-backfills/airport-landings${wait}`)).body;
  const order = (action: string, generation?: number): Promise<{ status: number; body: BackfillAnswer & { detail?: string } }> =>
    harness.send('POST', '/v1/feature-backfills/airport-landings', { action, ...(generation !== undefined && { generation }) });
  const inbound = async (): Promise<Record<string, unknown>> => {
    const [vector] = await harness.read([asked]);
    return Object.fromEntries(Object.entries(vector?.values ?? {}).filter(([name]) => name.startsWith('inbound__')));
  };

  beforeAll(async () => {
    harness = await FeaturesHarness.start();
    expect((await harness.apply(declared)).status).toBe(200);
    await harness.accept(eventsOf(flights));
    await harness.progress(END);
    await harness.reach(END);
  });
  afterAll(() => harness.stop());

  test('a view that was never changed has none', async () => {
    const { status, body } = await harness.send<{ detail: string }>('GET', '/v1/feature-backfills/airport-landings');
    expect({ status, detail: body.detail }).toEqual({
      status: 404,
      detail: 'There is no back-fill of "airport-landings": it answers as it was first declared.',
    });
  });

  test('with `switch: manual` the view that answers goes on until somebody has seen the report', async () => {
    const before = await inbound();
    expect((await harness.apply([changed({ features: OTHER, switch: 'manual' })])).status).toBe(200);
    const compared = await backfill('?wait=20s');
    expect(compared).toMatchObject({ generation: 2, from: 1, state: 'compared', finishedAt: null });
    expect(compared.position).toBe(compared.end);
    expect(await inbound()).toEqual(before);
    expect(before['inbound__mean_delay_24h']).toBe(expected['inbound__mean_delay_24h']);

    const { report } = compared;
    expect(report).toMatchObject({ rowsBefore: 4, rowsAfter: 4, sample: 4, removed: [] });
    expect(report?.added).toEqual(['worst_1h', 'worst_3h', 'worst_24h']);
    const count = report?.features.find(({ feature }) => feature === 'count_24h');
    expect(count).toMatchObject({ compared: 4, changed: 0, changedShare: 0, greatest: null, shift: 'none' });
    const mean = report?.features.find(({ feature }) => feature === 'mean_delay_24h');
    expect(mean?.changed).toBeGreaterThan(0);
    expect(mean?.greatest).toBeGreaterThan(0);
  });

  test('features of live events go into both, and the switch changes all of them at one moment', async () => {
    const landed = { id: 'NEW', type: 'flight.landed', time: '2001-01-15T23:30:00Z' };
    await harness.accept([{ ...landed, data: { flight: 'NEW', origin: 'LAX', destination: 'ORD', distance: 1, delay: 400 } }] as never);
    await harness.progress('2001-01-16T00:05:00Z');
    await harness.reach('2001-01-16T00:05:00Z');
    const before = await inbound();
    const { status, body } = await order('switch');
    expect({ status, state: body.state }).toEqual({ status: 200, state: 'switched' });
    const after = await inbound();
    expect(after['inbound__count_24h']).toBe(before['inbound__count_24h']);
    expect(after['inbound__mean_delay_24h']).not.toBe(before['inbound__mean_delay_24h']);
    expect(Object.keys(after)).toHaveLength(Object.keys(before).length + 3);
    expect(after['inbound__worst_24h']).toBe(400);
    const said = await harness.said(featureBackfills.name);
    expect(said.map(({ data }) => data)).toEqual([
      expect.objectContaining({ view: 'airport-landings', generation: 2, from: 1, state: 'switched' }),
    ]);
  });

  test('what cannot be done in the state that it is in is refused with the remedy', async () => {
    expect(await order('pause')).toMatchObject({
      status: 409,
      body: {
        detail: 'The back-fill of "airport-landings" cannot pause: generation 2 is switched. Only one that is under way can be paused.',
      },
    });
    expect((await order('cancel', 1)).body.detail).toContain('and it was meant for generation 1');
  });

  test('by itself it takes the place of the view that answers as soon as it is there', async () => {
    const [before] = await harness.read([asked]);
    expect((await harness.apply([changed({ features: OTHER, tile: '15m' })])).status).toBe(200);
    expect(await backfill('?wait=20s')).toMatchObject({ generation: 3, from: 2, state: 'switched' });
    expect(Object.keys((await harness.read([asked]))[0]?.values ?? {})).toEqual(Object.keys(before?.values ?? {}));
  });

  test('a feature service that needs the changed view is what it was until the view is there, over a restart too', async () => {
    const features = [...OTHER, { name: 'best', aggregation: 'min', value: 'data.delay' }];
    const role = { role: 'inbound', view: 'airport-landings', keys: { airport: 'origin' }, features: ['best_24h'] };
    const service = { ...risk, spec: { ...risk.spec, views: [role] } };
    const old = Object.keys((await harness.read([asked]))[0]?.values ?? {});
    expect((await harness.apply([changed({ features, tile: '15m', switch: 'manual' }), service])).status).toBe(200);
    expect(await backfill('?wait=20s')).toMatchObject({ generation: 4, state: 'compared' });
    expect(Object.keys((await harness.read([asked]))[0]?.values ?? {})).toEqual(old);
    await harness.stopService();
    await harness.run();
    await eventually(async () => (await fetch(`${harness.url}/readyz`)).status === 200);
    expect(Object.keys((await harness.read([asked]))[0]?.values ?? {})).toEqual(old);
    expect((await order('switch')).status).toBe(200);
    expect(Object.keys((await harness.read([asked]))[0]?.values ?? {})).toEqual(['inbound__best_24h', 'hour', 'weekday', 'distance']);
  });

  test('one that is paused stands still over a restart, and goes on where it stood; a cancelled one leaves nothing, and can be begun again', async () => {
    expect((await harness.apply([changed({ features: OTHER, switch: 'manual', ttl: '90d' }), risk])).status).toBe(200);
    expect((await backfill('?wait=20s')).state).toBe('compared');
    expect((await order('pause')).body.state).toBe('paused');
    const stood = await backfill();
    await harness.stopService();
    await harness.accept(eventsOf(generateFlights(20, { from: '2001-01-16T01:00:00Z', hours: 1, seed: 18 })));
    await harness.progress('2001-01-16T06:00:00Z');
    await harness.run();
    await harness.reach('2001-01-16T06:00:00Z');
    const paused = await backfill();
    expect(paused).toMatchObject({ state: 'paused', position: stood.position });
    expect(paused.end).toBeGreaterThan(stood.end);
    expect((await order('resume')).status).toBe(200);
    const resumed = await backfill('?wait=20s');
    expect(resumed).toMatchObject({ state: 'compared', position: resumed.end });
    expect((await order('cancel')).body).toMatchObject({ state: 'cancelled' });
    const [vector] = await harness.read([{ ...asked, asOf: '2001-01-16T06:00:00Z' }]);
    expect(vector?.values['inbound__mean_delay_24h']).not.toBeNull();
    await eventually(async () => {
      const rows = await harness.database.sql.query("SELECT 1 FROM features.series WHERE view = 'airport-landings@5'");
      return rows.length === 0;
    });
    expect((await order('resume')).status).toBe(200);
    expect(await backfill('?wait=20s')).toMatchObject({ state: 'compared', position: resumed.end });
  });
});
