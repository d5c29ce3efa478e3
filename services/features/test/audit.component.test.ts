import { randomUUID } from 'node:crypto';
import { predictions } from '@roofshot/contracts/predictions';
import { encodeEvent } from '@roofshot/messaging/cloud-event-codec';
import { exampleResources, FeaturesHarness, type ReadVector } from './features-harness.ts';
import { eventsOf, generateFlights, iso, type GeneratedFlight } from './flights.ts';

const flights = generateFlights(400, { from: '2001-01-15T00:00:00Z', hours: 30, seed: 13 });
const events = eventsOf(flights);

interface Audited {
  readonly predictions: number;
  readonly values: number;
  readonly mismatchCount: number;
  readonly mismatches: { predictionId: string; feature: string; served: number | null; recomputed: number | null }[];
  readonly skipped: { reason: string; count: number }[];
}

/** Vectors are served by the feature code; the audit recomputes them in SQL from the raw events. */
describe('the audit', () => {
  let harness: FeaturesHarness;

  beforeAll(async () => {
    harness = await FeaturesHarness.start();
    await harness.apply(exampleResources('features.yaml'));
    await serveReplay();
  });
  afterAll(() => harness.stop());

  /** As serving says it. */
  async function say(
    id: string,
    asked: { flight: GeneratedFlight; asOf: number },
    vector: ReadVector,
    deployment = 'flight-delay',
  ): Promise<void> {
    const { flight, asOf } = asked;
    const data = {
      predictionId: id,
      deployment,
      unit: flight.id,
      asOf: iso(asOf),
      entities: { origin: flight.origin, destination: flight.destination },
      context: { hour: 6, weekday: 1, distance: flight.distance },
      featureService: 'flight-risk',
      featureServiceGeneration: 1,
      features: vector.values,
      statuses: vector.statuses,
      featureAgeSeconds: vector.ageSeconds,
    };
    const now = new Date().toISOString();
    const event = {
      specversion: '1.0',
      id: randomUUID(),
      source: '/test',
      type: 'prediction.served',
      time: iso(asOf),
      knowntime: now,
      data,
    } as const;
    await harness.bus.publish([encodeEvent({ topic: predictions.name, key: flight.id }, event)]);
  }

  async function readFor(flight: GeneratedFlight, asOf: number): Promise<ReadVector> {
    const [vector] = await harness.read([
      {
        entities: { origin: flight.origin, destination: flight.destination },
        context: { hour: 6, weekday: 1, distance: flight.distance },
        asOf: iso(asOf),
      },
    ]);
    return vector as ReadVector;
  }

  /** Steps of two hours: in each the departures of its first five minutes are predicted, as the replay does. */
  async function serveReplay(): Promise<void> {
    await harness.bus.ensureTopics([{ name: predictions.name, retentionMs: null, compacted: false }]);
    let sent = 0;
    for (let step = Date.parse('2001-01-15T02:00:00Z'); step <= Date.parse('2001-01-16T06:00:00Z'); step += 2 * 3_600_000) {
      const next = events.findIndex(({ time }) => Date.parse(time) >= step);
      await harness.accept(events.slice(sent, next < 0 ? events.length : next));
      sent = next < 0 ? events.length : next;
      await harness.progress(iso(step));
      await harness.reach(iso(step));
      for (const flight of flights.slice(0, 4)) await say(`${flight.id}@${step}`, { flight, asOf: step }, await readFor(flight, step));
      const [again] = flights as [GeneratedFlight];
      await say('asked again', { flight: again, asOf: step }, await readFor(again, step), 'again');
    }
  }

  test('finds no difference between what was served and the raw events', async () => {
    const { status, body } = await harness.send<Audited>('GET', '/v1/features/audit?sample=500&deployment=flight-delay');
    expect(status).toBe(200);
    expect(body).toMatchObject({ predictions: 60, values: 60 * 42, mismatchCount: 0, mismatches: [], skipped: [] });
  });

  test('finds a single value that was served wrongly', async () => {
    const [flight] = flights as [GeneratedFlight];
    const asOf = Date.parse('2001-01-16T06:00:00Z');
    const honest = await readFor(flight, asOf);
    const wrong = { ...honest, values: { ...honest.values, inbound__count_3h: (honest.values['inbound__count_3h'] ?? 0) + 1 } };
    await say('wrong', { flight, asOf }, wrong, 'other');
    const { body } = await harness.send<Audited>('POST', '/v1/features/audit', { deployment: 'other' });
    expect(body).toMatchObject({
      predictions: 1,
      mismatchCount: 1,
      mismatches: [
        {
          predictionId: 'wrong',
          feature: 'inbound__count_3h',
          served: wrong.values['inbound__count_3h'],
          recomputed: honest.values['inbound__count_3h'],
        },
      ],
    });
  });

  test('compares every answer at its own time where a question was asked again under its id', async () => {
    const { body } = await harness.send<Audited>('GET', '/v1/features/audit?deployment=again');
    expect(body).toMatchObject({ predictions: 15, values: 15 * 42, mismatchCount: 0, mismatches: [], skipped: [] });
  });

  test('finds every served vector that was read at the wrong entity', async () => {
    const [flight, other] = [flights[0] as GeneratedFlight, flights.find(({ origin }) => origin !== flights[0]?.origin) as GeneratedFlight];
    const asOf = Date.parse('2001-01-16T06:00:00Z');
    await say('shuffled', { flight, asOf }, await readFor(other, asOf), 'shuffled');
    const { body } = await harness.send<Audited>('GET', '/v1/features/audit?deployment=shuffled');
    expect(body.mismatchCount).toBeGreaterThan(5);
  });

  test('does not call stale values wrong, and says that it did not compare them', async () => {
    const [flight] = flights as [GeneratedFlight];
    const asOf = Date.parse('2001-01-16T06:20:00Z');
    await say('stale', { flight, asOf }, await readFor(flight, asOf), 'stale');
    const { body } = await harness.send<Audited>('GET', '/v1/features/audit?deployment=stale');
    expect(body).toMatchObject({
      predictions: 1,
      values: 0,
      mismatchCount: 0,
      skipped: [{ reason: 'served with features older than the last whole tile', count: 1 }],
    });
  });

  test('leaves vectors alone that were served under other definitions', async () => {
    const landings = exampleResources('features.yaml').find(({ metadata }) => metadata.name === 'network-landings');
    await harness.apply([{ ...landings, spec: { ...landings?.spec, tile: '10m' } }]);
    const { body } = await harness.send<Audited>('GET', '/v1/features/audit?sample=10');
    expect(body).toMatchObject({ values: 0, skipped: [{ reason: 'served before the definitions changed', count: 10 }] });
  });
});
