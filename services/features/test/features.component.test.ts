import { exampleResources, FeaturesHarness } from './features-harness.ts';
import { eventsOf, expectedVector, generateFlights, iso } from './flights.ts';

const flights = generateFlights(400, { from: '2001-01-15T00:00:00Z', hours: 30, seed: 3 });
const events = eventsOf(flights);

describe('features of an import', () => {
  let harness: FeaturesHarness;

  beforeAll(async () => {
    harness = await FeaturesHarness.start();
    const applied = await harness.apply(exampleResources('features.yaml'));
    expect(applied.status).toBe(200);
  });
  afterAll(() => harness.stop());

  test('progress is not known before the source has said anything', async () => {
    await harness.accept(events.slice(0, 10));
    const { body } = await harness.send<{ progress: unknown; reached: boolean }>('GET', '/v1/features/progress?at=2001-01-15T00:00:00Z');
    expect(body).toMatchObject({ progress: null, reached: false });
  });

  test('vectors are those of the definition, at every step of a replay', async () => {
    let sent = 10;
    for (let step = Date.parse('2001-01-15T02:00:00Z'); step <= Date.parse('2001-01-16T06:00:00Z'); step += 4 * 3_600_000) {
      const next = events.findIndex(({ time }) => Date.parse(time) >= step);
      const until = next < 0 ? events.length : next;
      await harness.accept(events.slice(sent, until));
      sent = until;
      await harness.progress(iso(step));
      await harness.reach(iso(step));
      const asked = { origin: 'ORD', destination: 'LAX', time: step };
      const [vector] = await harness.read([
        { entities: { origin: 'ORD', destination: 'LAX' }, context: { hour: 6, weekday: 1, distance: 1745 }, asOf: iso(step) },
      ]);
      expect(vector?.values).toEqual({ ...expectedVector(flights, asked), hour: 6, weekday: 1, distance: 1745 });
      expect(vector?.ageSeconds).toBe(0);
    }
  });

  test('ages tell how much event time the values may miss', async () => {
    const { progress } = await harness.reach('2001-01-16T06:00:00Z');
    const [vector] = await harness.read([
      { entities: { origin: 'ORD', destination: 'LAX' }, context: { hour: 6, weekday: 1, distance: 1745 }, asOf: '2001-01-16T06:10:00Z' },
    ]);
    expect(progress).toBe('2001-01-16T06:00:00.000Z');
    expect(vector).toMatchObject({ ageSeconds: 600, ages: { inbound: 600, network: 600 } });
  });

  test('an entity that was never seen is NOT_FOUND with counts of 0; a mean of nothing is NULL_VALUE', async () => {
    const [vector] = await harness.read([
      { entities: { origin: 'XXX', destination: 'LAX' }, context: { hour: 6, weekday: 1, distance: null }, asOf: '2001-01-16T06:00:00Z' },
    ]);
    expect(vector?.values).toMatchObject({ inbound__count_1h: 0, inbound__mean_delay_1h: null, distance: null });
    expect(vector?.statuses).toMatchObject({ inbound__count_1h: 'NOT_FOUND', inbound__mean_delay_1h: 'NOT_FOUND', distance: 'NULL_VALUE' });
  });

  test('wrong names are refused, all of them, with the nearest', async () => {
    const { status, body } = await harness.send<{ faults: { path: string; message: string }[] }>('POST', '/v1/features/read', {
      featureService: 'flight-risk',
      requests: [{ entities: { orgin: 'ORD', destination: 'LAX' }, context: { hour: '6', weekday: 1, distance: 3 } }],
    });
    expect(status).toBe(400);
    expect(body.faults.map(({ path }) => path)).toEqual([
      '/requests/0/entities/origin',
      '/requests/0/entities/orgin',
      '/requests/0/context/hour',
    ]);
    const unknown = await harness.send<{ detail: string }>('POST', '/v1/features/read', {
      featureService: 'flight-rsk',
      requests: [{ entities: {}, context: {} }],
    });
    expect(unknown).toMatchObject({ status: 404, body: { detail: expect.stringContaining('nearest: flight-risk') as string } });
  });

  test('records on the log that are not applied are told as lag', async () => {
    const { body } = await harness.send<{ lag: number; tasks: { topic: string; partition: number; position: number; end: number }[] }>(
      'GET',
      '/v1/features/progress',
    );
    expect(body.lag).toBe(0);
    expect(body.tasks.map(({ topic, partition }) => `${topic}/${partition}`)).toEqual([
      'events.flight.departed/0',
      'events.flight.departed/1',
      'events.flight.landed/0',
      'events.flight.landed/1',
    ]);
    expect(body.tasks.every(({ position, end }) => position === end && end > 0)).toBe(true);
  });
});
