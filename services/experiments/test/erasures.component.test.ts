/** A unit erased from experiments: its row goes, the sums stay, and the log does not bring it back. */
import { EraseExperimentsSubject, erasures } from '@roofshot/contracts/erasures';
import { eventually } from '@roofshot/testing/eventually';
import { allOf, answered, exposed, landed, makeFlights, type Flight } from './flights.ts';
import { DAY, iso, Lab, MONDAY } from './lab.ts';

const flights = makeFlights(40, { skill: { control: 0.6, treatment: 0.7 }, days: 1 });
const [first, second] = flights as [Flight, Flight];
const ERASURE = `era_${'0'.repeat(31)}1`;

describe('an erased unit', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await Lab.start();
    await lab.startExperiment();
    await lab.publish(allOf(flights));
    await lab.progress(MONDAY + 2 * DAY);
    await lab.settled();
  });
  afterAll(() => lab.close());

  async function erase(erasureId: string, subject: string, over: object = {}): Promise<Record<string, unknown>> {
    const order = { erasureId, subject, erasedAt: iso(MONDAY + 2 * DAY), ...over };
    await lab.transactions.run((tx) => Promise.resolve(tx.send(EraseExperimentsSubject, order)));
    return eventually(async () => (await lab.said(erasures)).find(({ data }) => data['erasureId'] === erasureId)?.data ?? false);
  }
  const rowsOf = (unit: string): Promise<unknown[]> => lab.database.sql.query('SELECT FROM experiments.units WHERE unit = $1', [unit]);
  const sums = (): Promise<unknown[]> =>
    lab.database.sql.query('SELECT series, tile, sum(n)::text AS n, sum(y)::text AS y FROM experiments.sums GROUP BY 1, 2 ORDER BY 1, 2');

  test('is known no more, and what it counted for stays in the sums', async () => {
    const before = await sums();
    expect(await rowsOf(first.unit)).toHaveLength(1);
    expect(await erase(ERASURE, first.unit)).toMatchObject({ service: 'experiments', erased: { units: 1 }, kept: [] });
    expect(await rowsOf(first.unit)).toEqual([]);
    expect(await rowsOf(second.unit)).toHaveLength(1);
    expect(await sums()).toEqual(before);
  });

  test('is not brought back by what comes late from before, and not counted again', async () => {
    const before = await sums();
    await lab.publish([answered(first), exposed(first), landed(first)]);
    await lab.settled();
    expect(await rowsOf(first.unit)).toEqual([]);
    expect(await sums()).toEqual(before);
  });

  test('is a new unit from then on', async () => {
    const later = { ...first, askedAt: MONDAY + 3 * DAY, landedAt: MONDAY + 3 * DAY + 3_600_000 };
    await lab.publish(allOf([later]));
    await lab.settled();
    expect(await rowsOf(first.unit)).toHaveLength(1);
  });

  test('limited to types, stays, and the account says so', async () => {
    const account = await erase(`era_${'0'.repeat(31)}2`, second.unit, { types: ['flight.landed'] });
    expect(account).toMatchObject({ erased: { units: 0 }, kept: [{ store: 'units' }] });
    expect(await rowsOf(second.unit)).toHaveLength(1);
  });
});
