import { BuildTrainingSnapshot, trainingSnapshots } from '@roofshot/contracts/features';
import { openCommandQueue } from '@roofshot/messaging/open-command-queue';
import { log } from '@roofshot/telemetry/logger';
import { eventually } from '@roofshot/testing/eventually';
import { exampleResources, FeaturesHarness } from './features-harness.ts';
import { eventsOf, expectedVector, generateFlights, type GeneratedFlight, type Leak } from './flights.ts';

const flights = generateFlights(500, { from: '2001-01-14T00:00:00Z', hours: 48, seed: 8, late: 0.3 });
const FROM = '2001-01-14T12:00:00Z';
const TO = '2001-01-15T20:00:00Z';
const AS_OF = '2001-01-15T20:30:00Z';
const inRange = flights.filter(({ departed }) => departed >= Date.parse(FROM) && departed < Date.parse(TO));
const labelled = inRange.filter(({ known }) => known <= Date.parse(AS_OF));

const job = exampleResources('training.yaml').find(({ metadata }) => metadata.name === 'delay-all') as ReturnType<
  typeof exampleResources
>[number];
const { observation, label } = job.spec as { observation: Record<string, unknown>; label: Record<string, unknown> };
const order = (snapshotId: string, changes: object = {}): object => ({
  snapshotId,
  featureService: 'flight-risk',
  observation,
  label,
  from: FROM,
  to: TO,
  asOf: AS_OF,
  ...changes,
});

interface Ended {
  readonly state: string;
  readonly reason: string | null;
  readonly result: {
    object: string;
    rows: number;
    labelNotKnown: number;
    imported: boolean;
    positions: object;
    features: { name: string; dtype: string }[];
  } | null;
}
type Row = Record<string, number | string | null>;

describe('training snapshots', () => {
  let harness: FeaturesHarness;

  beforeAll(async () => {
    harness = await FeaturesHarness.start();
    await harness.apply(exampleResources('features.yaml'));
    await harness.accept(eventsOf(flights));
    await harness.progress(AS_OF);
    await harness.reach(AS_OF);
  });
  afterAll(() => harness.stop());

  async function build(id: string, changes: object = {}): Promise<Ended> {
    const ordered = await harness.send('POST', '/v1/training-snapshots', order(id, changes));
    expect(ordered).toEqual({ status: 202, body: { snapshotId: id } });
    return eventually(async () => {
      const { status, body } = await harness.send<Ended>('GET', `/v1/training-snapshots/${id}?wait=20s`);
      return status === 200 && (body.state === 'built' || body.state === 'failed') ? body : false;
    });
  }

  const rowsOf = async (key: string): Promise<Row[]> => (await harness.snapshotRows(key)) as Row[];

  function expectedRow(flight: GeneratedFlight, leak: Leak = {}): Row {
    const features = expectedVector(flights, { origin: flight.origin, destination: flight.destination, time: flight.departed }, leak);
    return {
      observation_id: flight.id,
      event_time: flight.departed,
      ...features,
      hour: 1,
      weekday: 2,
      distance: flight.distance,
      late: Number(flight.delay > 15),
    };
  }

  const byTime = (a: GeneratedFlight, b: GeneratedFlight): number => a.departed - b.departed || (a.id < b.id ? -1 : 1);

  test('have one row for each observation with a known label, with the features as they were known then', async () => {
    const { state, result } = await build('exact');
    expect(state).toBe('built');
    expect(result).toMatchObject({ rows: labelled.length, labelNotKnown: inRange.length - labelled.length, imported: true });
    expect(inRange.length - labelled.length).toBeGreaterThan(0);
    const rows = await rowsOf(result?.object ?? '');
    expect(rows).toEqual([...labelled].sort(byTime).map((flight) => expectedRow(flight)));
  });

  test('name their columns in the order of the feature service, counts as whole numbers', async () => {
    const { result } = await build('columns');
    expect(result?.features.slice(0, 4)).toEqual([
      { name: 'inbound__count_1h', dtype: 'int' },
      { name: 'inbound__count_3h', dtype: 'int' },
      { name: 'inbound__count_24h', dtype: 'int' },
      { name: 'inbound__mean_delay_1h', dtype: 'float' },
    ]);
    expect(Object.keys((await rowsOf(result?.object ?? ''))[0] ?? {})).toEqual([
      'observation_id',
      'event_time',
      ...(result?.features ?? []).map(({ name }) => name),
      'late',
    ]);
  });

  test.each<[string, Leak]>([
    ['counting what happened at the very moment, or in its tile (<= for <)', { untilNow: true }],
    ['counting what became known only later', { unknownToo: true }],
  ])('would be other ones with a leak: %s', (_, leak) => {
    const honest = labelled.map((flight) => expectedRow(flight));
    const leaking = labelled.map((flight) => expectedRow(flight, leak));
    const different = honest.filter((row, i) => JSON.stringify(row) !== JSON.stringify(leaking[i]));
    expect(different.length).toBeGreaterThan(labelled.length / 2);
  });

  test('read at the time of the label instead of the observation would be other ones', () => {
    const atLabel = labelled.map((flight) =>
      expectedVector(flights, { origin: flight.origin, destination: flight.destination, time: flight.known }),
    );
    const different = labelled.filter(
      (flight, i) => JSON.stringify(expectedRow(flight)).includes(JSON.stringify(atLabel[i]).slice(1, -1)) === false,
    );
    expect(different.length).toBeGreaterThan(labelled.length * 0.9);
  });

  test('are the same bytes when they are built again, also when more has happened since', async () => {
    const first = await build('first');
    const later = {
      ...(flights[0] as GeneratedFlight),
      id: 'later',
      departed: Date.parse(TO),
      landed: Date.parse(AS_OF) + 1,
      known: Date.parse(AS_OF) + 1,
    };
    await harness.accept(eventsOf([later]));
    const second = await build('second');
    expect(second.result?.object).toBe(first.result?.object);
    expect(second.result?.positions).not.toEqual(first.result?.positions);
  });

  test('an event that became known after asOf does not exist for them', async () => {
    const early = await build('early', { asOf: '2001-01-15T20:00:00Z' });
    const known = inRange.filter((flight) => flight.known <= Date.parse('2001-01-15T20:00:00Z'));
    expect(early.result).toMatchObject({ rows: known.length, labelNotKnown: inRange.length - known.length });
  });

  test('ordered by command are said on their topic; the same id again is the same snapshot', async () => {
    const queue = await openCommandQueue(harness.database.url, { sql: harness.database.sql, sqlUrl: harness.database.url, log });
    const send = (): Promise<void> =>
      queue.send([{ queue: BuildTrainingSnapshot.queue, id: 'by-command', headers: {}, payload: JSON.stringify(order('by-command')) }]);
    await send();
    await send();
    const said = async (): Promise<{ type: string; data: Record<string, unknown> }[]> =>
      (await harness.said(trainingSnapshots.name)).filter(({ data }) => data['snapshotId'] === 'by-command');
    await eventually(async () => (await said()).length > 0);
    expect(await said()).toMatchObject([
      {
        type: 'training-snapshot.built',
        data: { rows: labelled.length, eventTimeColumn: 'event_time', observationIdColumn: 'observation_id' },
      },
    ]);
    await queue.close();
  });

  test.each([
    ['unknown-service', { featureService: 'flight-rsk' }, 'nearest: flight-risk'],
    [
      'wrong-name',
      { observation: { ...observation, entities: { orgin: 'data.origin', destination: 'data.destination' } } },
      'nearest: origin',
    ],
    ['wrong-expression', { label: { ...label, value: 'dat.delay > 15' } }, 'there is no variable "dat"; nearest: data'],
    ['no-events', { from: '2002-01-01T00:00:00Z', to: '2002-01-02T00:00:00Z' }, 'There is no event flight.departed'],
    ['no-labels', { asOf: FROM, from: '2001-01-14T11:59:00Z', to: FROM }, 'was known at'],
    ['leaking-name', { label: { ...label, name: 'distance' } }, 'a label among the features would leak'],
    ['no-topic', { label: { ...label, eventType: 'flight.diverted' } }, 'Apply its EventType first'],
  ])('that cannot be built fail with the reason: %s', async (id, changes, reason) => {
    const ended = await build(id, changes);
    expect(ended.state).toBe('failed');
    expect(ended.reason).toContain(reason);
    expect(await harness.said(trainingSnapshots.name)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ type: 'training-snapshot.failed', data: { snapshotId: id, reason: ended.reason } }),
      ]),
    );
  });

  test('that another process has left unfinished are built by the next one when its lease is over', async () => {
    const { sql } = harness.database;
    await sql.query(
      `INSERT INTO features.snapshots (id, request, state, attempts, lease_token, lease_until, requested_at)
       VALUES ('left', $1, 'building', 1, gen_random_uuid(), now() + interval '300 ms', now())`,
      [JSON.stringify(order('left'))],
    );
    await harness.stopService();
    await harness.run();
    await sql.query(`UPDATE features.snapshots SET lease_until = now() WHERE id = 'left'`);
    await sql.notify('features_snapshots', 'left');
    const { body } = await harness.send<Ended>('GET', '/v1/training-snapshots/left?wait=20s');
    expect(body).toMatchObject({ state: 'built', result: { rows: labelled.length } });
  });

  test('that nobody has ordered are not found', async () => {
    expect((await harness.send('GET', '/v1/training-snapshots/none')).status).toBe(404);
  });
});
