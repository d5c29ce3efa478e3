import { askRedis } from '@roofshot/testing/ask-redis';
import { eventually } from '@roofshot/testing/eventually';
import { startServer } from '@roofshot/testing/start-server';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import { exampleResources, FeaturesHarness, type Answer, type ReadVector } from './features-harness.ts';
import { eventsOf, expectedVector, generateFlights, iso } from './flights.ts';

const flights = generateFlights(300, { from: '2001-01-15T00:00:00Z', hours: 12, seed: 5 });
const NOON = Date.parse('2001-01-15T06:00:00Z');
const before = eventsOf(flights).filter(({ known, time }) => Date.parse(known ?? time) < NOON);
const entities = { origin: 'ORD', destination: 'LAX' };
/** All steps together are less than a tile: what they add is not counted yet. */
const STEP_MS = 50_000;

describe('a Redis that goes away, or comes back without its rows', () => {
  let folder: TempDir;
  let server: Awaited<ReturnType<typeof startServer>>;
  let harness: FeaturesHarness;
  let time = NOON;

  beforeAll(async () => {
    folder = await tempDir('redis');
    server = await startServer('redis', { folder: folder.path, settings: { appendonly: 'no' } });
    harness = await FeaturesHarness.start({ onlineUrl: server.url });
    await harness.apply(exampleResources('features.yaml'));
    await harness.accept(before);
    await harness.progress(iso(NOON));
    await harness.reach(iso(NOON));
    // As in any real outage: longer ago than what is written again after each reconnection.
    await harness.database.sql.query(`UPDATE features.series SET updated_at = updated_at - interval '1 hour'`);
  }, 180_000);
  afterAll(async () => {
    await harness.stop();
    await server.remove();
    await folder.remove();
  });

  const wanted = (): Record<string, unknown> => ({ ...expectedVector(flights, { ...entities, time }) });
  const wrongOf = ({ values }: ReadVector): string[] =>
    Object.entries(wanted()).flatMap(([name, value]) => (values[name] === value ? [] : [name]));

  /** Fails when a value is wrong whose role is said to be fresh. */
  async function readTruthfully(): Promise<ReadVector> {
    const [vector] = await harness.read([{ entities, context: { hour: 1, weekday: 1, distance: 1 }, asOf: iso(time) }]);
    if (vector === undefined) throw new Error('Nothing was answered.');
    const fresh = Object.keys(vector.ages).filter((role) => vector.ages[role] === 0);
    expect(wrongOf(vector).filter((name) => fresh.some((role) => name.startsWith(`${role}__`)))).toEqual([]);
    return vector;
  }

  async function expectAllRight(): Promise<void> {
    await eventually(async () => expect((await readTruthfully()).ageSeconds).toBe(0), { deadlineMs: 20_000 });
    expect(wrongOf(await readTruthfully())).toEqual([]);
  }

  /** Nothing of what is asked for, but progress for all. */
  async function goOn(): Promise<void> {
    const flight = { id: `later ${time}`, type: 'flight.landed', time: iso(time + STEP_MS) };
    await harness.accept([{ ...flight, data: { flight: flight.id, origin: 'ZZZ', destination: 'YYY', distance: 1, delay: 1 } }]);
    time += STEP_MS;
    await harness.progress(iso(time));
    await harness.reach(iso(time));
  }

  const readyz = (): Promise<Answer<{ troubles: string[] }>> => harness.send('GET', '/readyz');
  const empty = (): Promise<unknown> => askRedis(server.url, 'FLUSHALL');

  test('is given all of them again, without an event, and no value is called fresh before', async () => {
    await expectAllRight();
    await empty();
    await expectAllRight();
  }, 60_000);

  test('and while events go on', async () => {
    const writing = goOn();
    await empty();
    await writing;
    await goOn();
    await expectAllRight();
  }, 60_000);

  test('says so on /readyz until they are there, and their ages are unknown', async () => {
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const { promise: locked, resolve: lock } = Promise.withResolvers<void>();
    const holding = harness.database.sql.transaction(async (tx) => {
      await tx.query('LOCK TABLE features.series IN ACCESS EXCLUSIVE MODE');
      lock();
      await held;
    });
    await locked;
    await empty();
    await eventually(async () => expect((await readyz()).body.troubles.join()).toContain('The online store has lost its rows'));
    expect((await readTruthfully()).ageSeconds).toBe(time / 1_000);
    release();
    await holding;
    await expectAllRight();
    await eventually(async () => expect((await readyz()).body.troubles).toEqual([]));
  }, 60_000);

  test('is told on /readyz while it is away, with the rows that wait for it, and features stay ready', async () => {
    await server.kill9();
    await goOn();
    const troubles = [
      expect.stringMatching(/^[1-9]\d* rows? waits? for the online store since .* until then the age of the values grows\.$/) as string,
      expect.stringMatching(/^Redis at 127\.0\.0\.1:\d+ does not answer: .*ECONNREFUSED.* Start it/) as string,
    ];
    await eventually(async () => expect(await readyz()).toMatchObject({ status: 200, body: { ready: true, waitsFor: [], troubles } }));
    const question = { featureService: 'flight-risk', requests: [{ entities, context: { hour: 1, weekday: 1, distance: 1 } }] };
    expect(await harness.send('POST', '/v1/features/read', question)).toMatchObject({ status: 503 });
    await server.restart();
    await eventually(async () => expect((await readyz()).body.troubles).toEqual([]), { deadlineMs: 20_000 });
    await expectAllRight();
  }, 60_000);

  test('because it was killed', async () => {
    await server.kill9();
    await server.restart();
    await expectAllRight();
    await goOn();
    await expectAllRight();
  }, 60_000);

  test('while nobody watched', async () => {
    await harness.stopService();
    await empty();
    await harness.run();
    await harness.reach(iso(time));
    await expectAllRight();
  }, 60_000);

  test('is given what a crash of its own has taken from the end', async () => {
    const last = (await askRedis(server.url, 'KEYS', '*ORD*')) as string[];
    await goOn();
    // As if its last moment had not reached the disk: rows are missing, the mark is there.
    await askRedis(server.url, 'DEL', ...last);
    await harness.database.sql.query('UPDATE features.series SET updated_at = now()');
    await askRedis(server.url, 'SAVE');
    await server.kill9();
    await server.restart();
    const question = { entities, context: { hour: 1, weekday: 1, distance: 1 }, asOf: iso(time) };
    const read = async (): Promise<ReadVector> => (await harness.read([question]))[0] as ReadVector;
    await eventually(async () => expect(wrongOf(await read())).toEqual([]), { deadlineMs: 20_000 });
  }, 60_000);
});
