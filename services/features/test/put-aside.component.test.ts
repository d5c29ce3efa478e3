/** What does not count as it came: events that an expression cannot read, and late ones. */
import { lateFeatureEvents, trainingSnapshots } from '@roofshot/contracts/features';
import { exampleResources, FeaturesHarness, recordOf, type Flight } from './features-harness.ts';

const MINUTE = 60_000;
const NOON = Date.parse('2001-01-15T12:00:00Z');
const END = '2001-01-15T15:00:00Z';
const iso = (time: number): string => new Date(time).toISOString();

function landing(minutes: number, delay: unknown): Flight {
  const flight = 'AA1';
  const time = iso(NOON + minutes * MINUTE);
  const data = { flight, origin: 'LAX', destination: 'ORD', distance: 1745, delay };
  return { id: flight, type: 'flight.landed', time, data } as unknown as Flight;
}

const view = (name: string, over: object = {}): object => ({
  apiVersion: 'roofshot/v1',
  kind: 'FeatureView',
  metadata: { name },
  spec: {
    entity: 'airport',
    source: { eventType: 'flight.landed', keys: { airport: 'data.destination' } },
    tile: '5m',
    windows: ['3h'],
    features: [
      { name: 'count', aggregation: 'count' },
      { name: 'mean_delay', aggregation: 'mean', value: 'data.delay' },
    ],
    ...over,
  },
});
const lateness = (policy: string): object => ({ lateness: { allowed: '10m', policy } });
const service = {
  apiVersion: 'roofshot/v1',
  kind: 'FeatureService',
  metadata: { name: 'all' },
  spec: {
    entities: ['airport'],
    views: ['all', 'updated', 'dropped', 'aside'].map((role) => ({ role, view: role, keys: { airport: 'airport' } })),
  },
};

interface Parked {
  readonly count: number;
  readonly items: readonly { readonly eventId: string; readonly offset: number; readonly reason: string }[];
}

describe('events that are put aside', () => {
  let harness: FeaturesHarness;
  let ids = 0;

  async function accept(flights: readonly Flight[], partition = 0): Promise<void> {
    await harness.bus.publish(
      flights.map((flight) => {
        const record = recordOf(flight);
        ids += 1;
        return { ...record, partition, headers: { ...record.headers, ce_id: `e${ids}` } };
      }),
    );
  }
  const read = async (): Promise<Record<string, unknown>> => {
    const [vector] = await harness.read([{ entities: { airport: 'ORD' }, asOf: END }], 'all');
    return vector?.values ?? {};
  };

  beforeAll(async () => {
    harness = await FeaturesHarness.start();
    const airport = exampleResources('features.yaml').find(({ metadata }) => metadata.name === 'airport') as object;
    const views = [
      view('all'),
      ...['update', 'drop', 'sideOutput'].map((policy, i) => view(['updated', 'dropped', 'aside'][i] ?? '', lateness(policy))),
    ];
    const { status, body } = await harness.apply([airport, ...views, service]);
    expect({ status, faults: body.faults }).toEqual({ status: 200, faults: undefined });
  });
  afterAll(() => harness.stop());

  test('an event with a value that an expression cannot read counts for nothing, is listed with the reason, and the view goes on', async () => {
    await accept([landing(0, 10), landing(1, 'long'), landing(2, 20)]);
    await harness.progress(END);
    await harness.reach(END);
    expect(await read()).toMatchObject({ all__count_3h: 2, all__mean_delay_3h: 15 });
    const { status, body } = await harness.send<Parked>('GET', '/v1/feature-views/all/parked-events');
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { count: 1, items: [{ eventId: 'e2', reason: 'a mean needs numbers and got a string' }] },
    });
  });

  test('a late event counts, or does not, or is said, as the view declares; what is early enough counts everywhere', async () => {
    // Behind 12:30 the limit is 12:20: 12:20 itself is in time, a second before is late.
    await accept([landing(30, 30), landing(20, 40), landing(20 - 1 / 60, 1_000)]);
    await harness.progress('2001-01-15T16:00:00Z');
    await harness.reach('2001-01-15T16:00:00Z');
    expect(await read()).toEqual({
      all__count_3h: 5,
      all__mean_delay_3h: 220,
      updated__count_3h: 5,
      updated__mean_delay_3h: 220,
      dropped__count_3h: 4,
      dropped__mean_delay_3h: 25,
      aside__count_3h: 4,
      aside__mean_delay_3h: 25,
    });
    const said = await harness.said(lateFeatureEvents.name);
    expect(said.map(({ data }) => data)).toEqual([
      expect.objectContaining({ view: 'aside', eventId: 'e6', eventTime: '2001-01-15T12:19:59.000Z', newest: '2001-01-15T12:30:00.000Z' }),
    ]);
  });

  test('another partition has a watermark of its own', async () => {
    await accept([landing(5, 25)], 1);
    await harness.progress('2001-01-15T17:00:00Z');
    await harness.reach('2001-01-15T17:00:00Z');
    expect(await read()).toMatchObject({ updated__count_3h: 6, dropped__count_3h: 5 });
  });

  test('a view that is declared later reads the log and judges alike', async () => {
    expect((await harness.apply([view('dropped', { ...lateness('drop'), ttl: '7d' })])).status).toBe(200);
    await harness.switched('dropped');
    expect(await read()).toMatchObject({ dropped__count_3h: 5, dropped__mean_delay_3h: 25 });
  });

  test('a training snapshot judges alike', async () => {
    await accept([landing(180, 25)]);
    const order = {
      snapshotId: 'late',
      featureService: 'all',
      observation: { eventType: 'flight.landed', entities: { airport: 'data.destination' } },
      label: { eventType: 'flight.landed', name: 'late', value: 'true' },
      from: END,
      to: '2001-01-15T15:01:00Z',
      asOf: '2001-01-16T00:00:00Z',
    };
    expect((await harness.send('POST', '/v1/training-snapshots', order)).status).toBe(202);
    const { body } = await harness.send<{ state: string; result: { rows: number; object: string } }>(
      'GET',
      '/v1/training-snapshots/late?wait=20s',
    );
    expect(body).toMatchObject({ state: 'built', result: { rows: 1 } });
    const [row] = await harness.snapshotRows(body.result.object);
    expect(row).toMatchObject(await read());
    expect(await harness.said(trainingSnapshots.name)).toHaveLength(1);
  });

  test('a corrected view reads what was parked', async () => {
    const corrected = [
      { name: 'count', aggregation: 'count' },
      { name: 'mean_delay', aggregation: 'mean', value: 'data.delay == "long" ? 60 : data.delay' },
    ];
    expect((await harness.apply([view('all', { features: corrected })])).status).toBe(200);
    await harness.switched('all');
    expect(await read()).toMatchObject({ all__count_3h: 7 });
    expect((await harness.send<Parked>('GET', '/v1/feature-views/all/parked-events')).body).toEqual({ count: 0, items: [] });
  });

  test('an unknown view is told with the nearest names', async () => {
    const { status, body } = await harness.send<{ detail: string }>('GET', '/v1/feature-views/droped/parked-events');
    expect({ status, detail: body.detail }).toEqual({ status: 404, detail: 'There is no FeatureView "droped"; nearest: dropped.' });
  });
});
