import { eventually } from '@roofshot/testing/eventually';
import { exampleResources, FeaturesHarness } from './features-harness.ts';
import { eventsOf, expectedVector, generateFlights, iso } from './flights.ts';

const flights = generateFlights(300, { from: '2001-01-15T00:00:00Z', hours: 12, seed: 5 });
const events = eventsOf(flights);
const NOON = Date.parse('2001-01-15T06:00:00Z');
const END = Date.parse('2001-01-15T18:00:00Z');
const before = events.filter(({ known, time }) => Date.parse(known ?? time) < NOON);

/** What an operator's mistake or a full disk does. */
const REFUSE = `
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no writes today'; END $$;
CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON online.rows EXECUTE FUNCTION refuse()`;
const ACCEPT = 'DROP TRIGGER refuse ON online.rows; DROP FUNCTION refuse()';

describe('when the online store refuses writes', () => {
  let harness: FeaturesHarness;
  const question = (time: number): object => ({
    entities: { origin: 'ORD', destination: 'LAX' },
    context: { hour: 1, weekday: 1, distance: 1 },
    asOf: iso(time),
  });
  const values = (time: number): object => expectedVector(flights, { origin: 'ORD', destination: 'LAX', time });

  beforeAll(async () => {
    harness = await FeaturesHarness.start();
    await harness.apply(exampleResources('features.yaml'));
    await harness.accept(before);
    await harness.progress(iso(NOON));
    await harness.reach(iso(NOON));
    await harness.database.sql.query(REFUSE);
  });
  afterAll(() => harness.stop());

  test('folding goes on, whoever waits goes on, and ages grow truthfully', async () => {
    await harness.accept(events.slice(before.length, before.length + 100));
    await harness.progress(iso(END));
    await harness.reach(iso(END));
    const [vector] = await harness.read([question(END)]);
    expect(vector?.ageSeconds).toBe((END - NOON) / 1000);
    const [atNoon] = await harness.read([question(NOON)]);
    expect(atNoon?.values).toMatchObject(values(NOON));
    expect(atNoon?.ageSeconds).toBe(0);
  });

  test('further batches find it refusing still, and nothing is lost', async () => {
    await harness.accept(events.slice(before.length + 100));
    await harness.progress(iso(END + 1));
    await harness.reach(iso(END + 1));
    expect((await harness.read([question(END)]))[0]?.ageSeconds).toBe((END - NOON) / 1000);
  });

  test('the state knows up to where the store has everything, however long it refuses', async () => {
    const [positions] = await harness.database.sql.query<{ online: number; settled: number }>(
      'SELECT max(online) AS online, min(settled) AS settled FROM features.view_positions',
    );
    expect(positions).toEqual({ online: NOON, settled: END + 1 });
  });

  test('when it takes writes again, everything is there without a further event', async () => {
    await harness.database.sql.query(ACCEPT);
    await eventually(async () => (await harness.read([question(END)]))[0]?.ageSeconds === 0);
    expect((await harness.read([question(END)]))[0]?.values).toMatchObject(values(END));
  });

  test('rows that a crash of the database has taken are written again when it is back', async () => {
    const { sql } = harness.database;
    await sql.query(`DELETE FROM online.rows WHERE entity NOT LIKE '#%'`);
    await sql.query('UPDATE features.view_positions SET online_offset = 0');
    expect((await harness.read([question(END)]))[0]?.statuses).toMatchObject({ network__count_1h: 'NOT_FOUND' });
    await sql.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %'`);
    // View after view: each has its rows again when its turn has come.
    await eventually(async () => expect((await harness.read([question(END)]))[0]?.values).toMatchObject(values(END)));
  });

  test('what a process could not write before it ended is written by the next', async () => {
    await harness.database.sql.query(REFUSE);
    const flight = {
      ...flights[0],
      id: 'last',
      origin: 'ATL',
      destination: 'ORD',
      departed: END,
      landed: END + 60_000,
      known: END + 60_000,
    } as (typeof flights)[number];
    await harness.accept(eventsOf([flight]));
    const later = END + 600_000;
    await harness.progress(iso(later));
    await harness.reach(iso(later));
    await harness.stopService();
    await harness.database.sql.query(ACCEPT);
    await harness.run();
    await eventually(async () => (await harness.read([question(later)]))[0]?.ageSeconds === 0);
    expect((await harness.read([question(later)]))[0]?.values).toMatchObject(
      expectedVector([...flights, flight], { origin: 'ORD', destination: 'LAX', time: later }),
    );
  });
});
