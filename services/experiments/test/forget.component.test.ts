import { log } from '@roofshot/telemetry/logger';
import { Forget } from '../src/forget.ts';
import { Scopes } from '../src/join/scope-store.ts';
import { Positions } from '../src/progress/positions.ts';
import { allOf, answered, landed, makeFlights, shadowed } from './flights.ts';
import { DAY, EXPERIMENT, HOUR, Lab, MONDAY } from './lab.ts';

const skill = { control: 0.6, treatment: 0.7 };

describe('what is no longer needed is forgotten', () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await Lab.start();
    await lab.startExperiment();
  });
  afterEach(() => lab.close());

  const forget = (): Promise<void> =>
    new Forget({ sql: lab.database.sql, log, name: 'experiments' }, new Scopes(), new Positions(lab.bus, 'experiments')).run();
  async function count(table: 'units' | 'sums'): Promise<number> {
    const [row] = await lab.database.sql.query<{ n: number }>(`SELECT count(*)::int AS n FROM experiments.${table}`);
    return row?.n ?? 0;
  }

  test('outcomes of units that nobody asked about, once no answer can come for them; nothing of the experiment itself', async () => {
    const flights = makeFlights(200, { skill, days: 1 });
    const strangers = makeFlights(50, { skill, days: 1, prefix: 'stranger' });
    const late = makeFlights(20, { skill, from: MONDAY + 3 * DAY, days: 0.01, prefix: 'late' });
    await lab.publish([...allOf(flights), ...strangers.map(landed), ...late.map(landed)]);
    await lab.publish(makeFlights(60, { skill, from: MONDAY + 3 * DAY, days: 0.1, prefix: 'now' }).flatMap((flight) => answered(flight)));
    await lab.progress(MONDAY + 3 * DAY + HOUR);
    await lab.settled();
    const before = await lab.results();
    expect(await count('units')).toBe(330);
    await forget();
    expect(await count('units')).toBe(280);
    expect((await lab.results()).analysis).toEqual(before.analysis);
  });

  test('pairs of a probation that have been counted and looked at; its figures stay', async () => {
    await lab.call('POST', `/v1/experiments/${EXPERIMENT}/stop`, { reason: 'tests' });
    await lab.setAlias('champion', 2, { previous: 1 });
    const flights = makeFlights(400, { skill: { control: 0.7, treatment: 0.7 }, days: 6 });
    const said = flights.flatMap((flight) => [answered(flight, { version: 2, isFree: true }), shadowed(flight, 'none'), landed(flight)]);
    await lab.publish(said);
    await lab.progress(MONDAY + 7 * DAY);
    await lab.settled();
    const before = (await lab.results()).probation;
    expect(before?.guardrails[1]?.observations).toBe(400);
    const [units, sums] = [await count('units'), await count('sums')];
    await forget();
    expect(await count('units')).toBeLessThan(units / 2);
    expect(await count('sums')).toBeLessThan(sums / 10);
    expect((await lab.results()).probation).toEqual(before);
    await forget();
    expect((await lab.results()).probation).toEqual(before);
  });
});
