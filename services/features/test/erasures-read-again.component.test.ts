/** What reads the log again after an erasure leaves out what became known of the subject before. */
import { DuckDBInstance } from '@duckdb/node-api';
import { randomUUID } from 'node:crypto';
import { topicOf } from '@roofshot/contracts/events';
import { predictions } from '@roofshot/contracts/predictions';
import { encodeEvent } from '@roofshot/messaging/cloud-event-codec';
import { openObjectStore } from '@roofshot/storage/open-object-store';
import { eventually } from '@roofshot/testing/eventually';
import { eraseSubject } from './erase-order.ts';
import { DEPARTED, exampleResources, FeaturesHarness, LANDED, type ReadVector } from './features-harness.ts';
import { eventsOf, generateFlights, type GeneratedFlight } from './flights.ts';

const flights = generateFlights(200, { from: '2001-01-14T00:00:00Z', hours: 30, seed: 21 });
const FROM = '2001-01-14T12:00:00Z';
const TO = '2001-01-15T04:00:00Z';
const AS_OF = '2001-01-15T06:00:00.000Z';
const inRange = flights.filter(
  ({ departed, known }) => departed >= Date.parse(FROM) && departed < Date.parse(TO) && known <= Date.parse(AS_OF),
);
const [gone] = inRange as [GeneratedFlight];
const features = exampleResources('features.yaml');
const job = exampleResources('training.yaml').find(({ metadata }) => metadata.name === 'delay-all');

let harness: FeaturesHarness;
beforeAll(async () => {
  harness = await FeaturesHarness.start();
  await harness.apply(features);
  await harness.bus.ensureTopics([{ name: predictions.name, retentionMs: null, compacted: false }]);
  await harness.accept(eventsOf(flights).filter(({ time, known = time }) => Date.parse(known) < Date.parse(AS_OF)));
  await harness.progress(AS_OF);
  await harness.reach(AS_OF);
}, 60_000);
afterAll(() => harness.stop());

/** The ids of the observations in a snapshot that is built now. */
async function observations(snapshotId: string): Promise<string[]> {
  const { observation, label } = job?.spec ?? {};
  await harness.send('POST', '/v1/training-snapshots', {
    snapshotId,
    featureService: 'flight-risk',
    observation,
    label,
    from: FROM,
    to: TO,
    asOf: AS_OF,
  });
  const ended = await eventually(
    async () => {
      const { body } = await harness.send<{ state: string; result: { object: string } }>(
        'GET',
        `/v1/training-snapshots/${snapshotId}?wait=20s`,
      );
      return body.state === 'built' && body;
    },
    { deadlineMs: 30_000 },
  );
  const objects = await openObjectStore(`file:${harness.env['DATA_DIR'] ?? ''}/objects`);
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const reader = await connection.runAndReadAll(`SELECT observation_id FROM read_parquet('${await objects.fetch(ended.result.object)}')`);
  return reader.getRowObjectsJson().map((row) => String(row['observation_id']));
}

interface Audited {
  readonly predictions: number;
  readonly mismatchCount: number;
  readonly skipped: { reason: string; count: number }[];
}
const audit = async (): Promise<Audited> => (await harness.send<Audited>('GET', '/v1/features/audit')).body;

/** As serving answers for the flight at AS_OF, and says so. */
async function serve(flight: GeneratedFlight): Promise<void> {
  const entities = { origin: flight.origin, destination: flight.destination };
  const context = { hour: 6, weekday: 1, distance: flight.distance };
  const [vector] = (await harness.read([{ entities, context, asOf: AS_OF }])) as [ReadVector];
  const data = {
    predictionId: 'p',
    deployment: 'flight-delay',
    unit: flight.id,
    asOf: AS_OF,
    entities,
    context,
    featureService: 'flight-risk',
    featureServiceGeneration: 1,
    features: vector.values,
    statuses: vector.statuses,
    featureAgeSeconds: vector.ageSeconds,
  };
  const knowntime = new Date().toISOString();
  const said = { specversion: '1.0', id: randomUUID(), source: '/test', type: 'prediction.served', time: AS_OF, knowntime, data } as const;
  await harness.bus.publish([encodeEvent({ topic: predictions.name, key: flight.id }, said)]);
}

test('snapshots have no row of it, and those from before are named as kept', async () => {
  const before = await observations('before');
  expect(before).toContain(gone.id);
  await serve(flights.at(-1) as GeneratedFlight);
  expect(await audit()).toMatchObject({ predictions: 1, mismatchCount: 0, skipped: [] });
  const { kept } = await eraseSubject(
    { bus: harness.bus, database: harness.database, said: (topic) => harness.said(topic) },
    { subject: gone.id, erasedAt: AS_OF },
  );
  expect(kept).toEqual([{ store: 'training snapshots', reason: expect.stringContaining('1 were asked for before the erasure') as string }]);
  expect(kept[0]?.reason).toContain('before');
  expect((await observations('after')).sort()).toEqual(before.filter((id) => id !== gone.id).sort());
}, 60_000);

test('an audit leaves out vectors that its events were summed into, also when the log was overwritten, and says so', async () => {
  const skipped = [{ reason: 'a subject was erased whose events its windows reach', count: 1 }];
  expect(await audit()).toMatchObject({ predictions: 1, mismatchCount: 0, skipped });
  const topics = [LANDED, DEPARTED].map(topicOf);
  expect(await harness.bus.eraseKey({ topics, key: gone.id, until: Date.parse(AS_OF) })).toBe(2);
  expect(await audit()).toMatchObject({ predictions: 1, mismatchCount: 0, skipped });
}, 60_000);

test('a snapshot of an overwritten log is the same as one that left the events out', async () => {
  expect(await observations('overwritten')).not.toContain(gone.id);
}, 60_000);
