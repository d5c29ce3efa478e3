import { audit } from '@roofshot/contracts/audit';
import { assignments, experiments, StopExperiment } from '@roofshot/contracts/experiments';
import { eventually } from '@roofshot/testing/eventually';
import { allOf, answered, costOf, exposed, landed, makeFlights, type Flight, type World } from './flights.ts';
import { DAY, EXPERIMENT, freshFeatures, HOUR, iso, Lab, MONDAY } from './lab.ts';

const END = MONDAY + 7 * DAY;
const MATURED = END + 12 * HOUR;

describe('an experiment on flights', () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await Lab.start();
  });
  afterEach(() => lab.close());

  /** A week of flights and the half day after it, in which nothing new begins to count. */
  async function flyTheWeek(count: number, skill: World['skill'], seed = 1): Promise<Flight[]> {
    const flights = makeFlights(count, { skill, seed });
    const after = makeFlights(40, { skill, from: END, days: 0.5, prefix: 'after' });
    await lab.publish([...allOf(flights), ...allOf(after)]);
    await lab.progress(MATURED + HOUR);
    await lab.settled();
    return flights;
  }

  const decisions = async (): Promise<unknown[]> =>
    (await lab.said(experiments)).filter(({ type }) => type === 'experiment.decided').map(({ data }) => data['decision']);

  test('that makes them cheaper is promoted after its full week, once, with the old champion as shadow', async () => {
    await lab.startExperiment();
    const flights = makeFlights(4_000, { skill: { control: 0.6, treatment: 0.75 } });
    await lab.publish(allOf(flights));
    await lab.progress(END);
    await lab.settled();
    const before = await lab.results();
    expect(before.state).toBe('running');
    expect(before.analysis?.significantSince).not.toBeNull();

    await flyTheWeek(0, { control: 0.6, treatment: 0.75 });
    const { state, decision } = await lab.results();
    expect(state).toBe('decided');
    expect(decision).toMatchObject({ decision: 'promote', decidedAt: iso(MATURED), promotion: { state: 'ordered' } });
    expect(decision?.analysis.significantSince).toBe(before.analysis?.significantSince);
    const mean = (variant: string): number => {
      const costs = flights.filter((flight) => flight.variant === variant).map(({ decision: decided, delay }) => costOf(decided, delay));
      return costs.reduce((sum, cost) => sum + cost, 0) / costs.length;
    };
    expect(decision?.analysis.effect).toBeCloseTo(mean('treatment') - mean('control'), 12);
    await eventually(() => expect(lab.ordered).toHaveLength(2));
    const orders = lab.ordered.map(({ data }) => data).sort((a, b) => (a.alias < b.alias ? -1 : 1));
    expect(orders).toMatchObject([
      { commandId: `${EXPERIMENT}/1/champion`, version: 2, expected: 1 },
      { commandId: `${EXPERIMENT}/1/shadow`, version: 1 },
    ]);
    expect(await decisions()).toEqual(['promote']);
    expect((await lab.said(assignments)).map(({ data }) => [data['configVersion'], data['state']])).toEqual([
      [1, 'running'],
      [2, 'stopped'],
    ]);
    const acts = (await lab.said(audit)).map(({ data }) => data['action']);
    expect(acts.filter((act) => act === 'start' || act === 'decide')).toEqual(['start', 'decide']);

    await lab.setAlias('champion', 2, { previous: 1 });
    await lab.settled();
    expect((await lab.results()).decision?.promotion?.state).toBe('done');
  });

  test('publishes its analysis at most once an hour of event time', async () => {
    await lab.startExperiment();
    const flights = makeFlights(400, { skill: { control: 0.6, treatment: 0.6 }, days: 1 });
    for (let hour = 1; hour <= 3; hour += 1) {
      const until = (time: number): boolean => time >= MONDAY + (hour - 1) * HOUR && time < MONDAY + hour * HOUR;
      await lab.publish([
        ...flights.filter(({ askedAt }) => until(askedAt)).flatMap((flight) => [answered(flight), exposed(flight)]),
        ...flights.filter(({ landedAt }) => until(landedAt)).map(landed),
      ]);
      await lab.progress(MONDAY + hour * HOUR);
      await lab.settled();
      await lab.settled();
    }
    const analysed = (await lab.said(experiments)).filter(({ type }) => type === 'experiment.analysed');
    // The newest answers lie some minutes before the hour, so the hour they belong to is not complete yet.
    expect(analysed.map(({ time }) => time)).toEqual([iso(MONDAY + HOUR), iso(MONDAY + 2 * HOUR)]);
  });

  test('that changes nothing keeps the champion and orders nothing', async () => {
    await lab.startExperiment();
    // Of a hundred such worlds two or three end in a promotion by chance, as the first of these does.
    await flyTheWeek(2_000, { control: 0.6, treatment: 0.6 }, 2);
    expect(await decisions()).toEqual(['keep']);
    expect(lab.ordered).toEqual([]);
    expect((await lab.results()).decision?.promotion).toBeUndefined();
  });

  test('that does harm is stopped at once', async () => {
    await lab.startExperiment();
    const flights = makeFlights(2_000, { skill: { control: 0.75, treatment: 0.45 }, days: 2 });
    await lab.publish(allOf(flights));
    await lab.progress(MONDAY + 2 * DAY);
    await lab.settled();
    const { state, decision } = await lab.results();
    expect([state, decision?.decision]).toEqual(['decided', 'stop-harm']);
    expect(Date.parse(decision?.decidedAt ?? '')).toBeLessThan(MONDAY + 2 * DAY);
    expect((await lab.said(assignments)).at(-1)?.data['state']).toBe('stopped');
    expect(lab.ordered).toEqual([]);
  });

  test('whose units do not split as configured is invalid', async () => {
    await lab.startExperiment();
    const flights = makeFlights(3_000, { skill: { control: 0.6, treatment: 0.75 } });
    // A third of the treated flights never reports its exposure.
    const reported = flights.filter(({ variant }, index) => variant === 'control' || index % 3 !== 0);
    await lab.publish([...flights.map((flight) => answered(flight)), ...reported.map((flight) => exposed(flight)), ...flights.map(landed)]);
    await flyTheWeek(0, { control: 0.6, treatment: 0.75 });
    const { decision } = await lab.results();
    expect(decision?.decision).toBe('invalid');
    expect(decision?.analysis.srm.mismatch).toBe(true);
    expect(lab.ordered).toEqual([]);
  });

  test('whose champion was replaced meanwhile is decided, and the refusal is told', async () => {
    await lab.startExperiment();
    await lab.setAlias('champion', 3, { previous: 1 });
    await flyTheWeek(2_000, { control: 0.6, treatment: 0.8 });
    const { decision } = await lab.results();
    expect(decision?.decision).toBe('promote');
    expect(decision?.promotion).toEqual({ state: 'refused', detail: 'champion names version 3 by now, not version 1 that was compared.' });
    await eventually(() => expect(lab.ordered.map(({ data }) => data)).toMatchObject([{ alias: 'shadow', version: 1 }, { expected: 1 }]));
  });

  test('can be stopped by command, and again without effect', async () => {
    await lab.startExperiment();
    const stop = { experiment: EXPERIMENT, phase: 1, reason: 'a storm', requestedBy: 'tests' };
    await lab.transactions.run(async (tx) => tx.send(StopExperiment, stop));
    await eventually(async () => expect((await lab.results()).state).toBe('stopped'));
    const again = await lab.call<{ code: string }>('POST', `/v1/experiments/${EXPERIMENT}/stop`, { reason: 'again' });
    expect([again.status, again.body.code]).toEqual([409, 'not-running']);
    expect((await lab.said(experiments)).map(({ type }) => type)).toEqual(['experiment.started', 'experiment.stopped']);

    const restarted = await lab.call<{ phase: number }>('POST', `/v1/experiments/${EXPERIMENT}/start`, { at: iso(END) });
    expect([restarted.status, restarted.body.phase]).toEqual([200, 2]);
    expect((await lab.said(assignments)).map(({ data }) => [data['phase'], data['configVersion'], data['state']])).toEqual([
      [1, 1, 'running'],
      [1, 2, 'stopped'],
      [2, 3, 'running'],
    ]);
  });

  test('ends without outcomes in an honest keep', async () => {
    await lab.startExperiment({ ...freshFeatures, design: { duration: '1d' } });
    await lab.progress(MONDAY + DAY + 24 * HOUR);
    await lab.settled();
    expect(await decisions()).toEqual(['keep']);
  });
});
