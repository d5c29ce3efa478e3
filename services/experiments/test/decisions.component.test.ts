import { assignments, experiments } from '@roofshot/contracts/experiments';
import { eventually } from '@roofshot/testing/eventually';
import { allOf, costOf, makeFlights } from './flights.ts';
import { DAY, EXPERIMENT, HOUR, iso, Lab, MONDAY } from './lab.ts';

describe('an experiment on flights', () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await Lab.start();
  });
  afterEach(() => lab.close());

  test('that makes flights cheaper is promoted after its full week, once, with the old champion as shadow', async () => {
    await lab.startExperiment();
    const flights = makeFlights(4_000, { skill: { control: 0.6, treatment: 0.75 } });
    const after = makeFlights(40, { skill: { control: 0.6, treatment: 0.75 }, from: MONDAY + 7 * DAY, days: 0.5, prefix: 'after' });
    await lab.publish(allOf(flights));
    await lab.progress(MONDAY + 7 * DAY);
    await lab.settled();
    expect((await lab.results()).state).toBe('running');

    await lab.publish(allOf(after));
    await lab.progress(MONDAY + 7 * DAY + 14 * HOUR);
    await lab.settled();
    const { state, decision } = await lab.results();
    expect(state).toBe('decided');
    expect(decision?.decision).toBe('promote');
    expect(decision?.decidedAt).toBe(iso(MONDAY + 7 * DAY + 12 * HOUR));
    const mean = (variant: string): number => {
      const costs = flights.filter((flight) => flight.variant === variant).map(({ decision: decided, delay }) => costOf(decided, delay));
      return costs.reduce((sum, cost) => sum + cost, 0) / costs.length;
    };
    expect(decision?.analysis.effect).toBeCloseTo(mean('treatment') - mean('control'), 12);
    await eventually(() => expect(lab.ordered).toHaveLength(2));
    const orders = [...lab.ordered].map(({ data }) => data).sort((a, b) => (a.alias < b.alias ? -1 : 1));
    expect(orders).toMatchObject([
      { commandId: `${EXPERIMENT}/1/champion`, version: 2, expected: 1 },
      { commandId: `${EXPERIMENT}/1/shadow`, version: 1 },
    ]);
    expect((await lab.said(experiments)).filter(({ type }) => type === 'experiment.decided')).toHaveLength(1);
    expect((await lab.said(assignments)).map(({ data }) => [data['configVersion'], data['state']])).toEqual([
      [1, 'running'],
      [2, 'stopped'],
    ]);
  });
});
