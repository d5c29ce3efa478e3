import { audit } from '@roofshot/contracts/audit';
import { experiments } from '@roofshot/contracts/experiments';
import { exposures, predictions } from '@roofshot/contracts/predictions';
import { eventually } from '@roofshot/testing/eventually';
import { answered, exposed, landed, makeFlights, shadowed, type Flight } from './flights.ts';
import { DAY, EXPERIMENT, freshFeatures, HOUR, Lab, MINUTE, MODEL, MONDAY } from './lab.ts';

const WEDNESDAY = MONDAY + 9 * DAY;
const even = { control: 0.7, treatment: 0.7 };

describe('after a promotion', () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await Lab.start();
    await lab.startExperiment();
    await lab.call('POST', `/v1/experiments/${EXPERIMENT}/stop`, { reason: 'decided by hand' });
  });
  afterEach(() => lab.close());

  const promote = (): Promise<void> => lab.setAlias('champion', 2, { previous: 1 });
  const shadowOf = (flight: Flight, right: number): string => {
    const isRight = (flight.share ?? 0) * 1e6 - Math.floor((flight.share ?? 0) * 1e6) < right;
    return flight.delay > 15 === isRight ? 'warn' : 'none';
  };
  /** Flights that the promoted version answers, with what its shadow would have said. */
  async function fly(flights: readonly Flight[], { degraded = false, shadow = 0.7 } = {}): Promise<void> {
    await lab.publish([
      ...flights.flatMap((flight) => [
        answered(flight, { version: 2, isFree: true, degraded }),
        shadowed(flight, shadowOf(flight, shadow)),
      ]),
      ...flights.map(landed),
    ]);
    const last = flights.at(-1)?.landedAt ?? WEDNESDAY;
    await lab.progress(Math.max(last, ...flights.map(({ landedAt }) => landedAt)) + HOUR);
    await lab.settled();
  }
  const breaches = async (): Promise<Record<string, unknown>[]> =>
    (await lab.said(experiments)).filter(({ type }) => type === 'guardrail.breached').map(({ data }) => data);

  test('the old champion is made the shadow, and a sound version stays', async () => {
    await promote();
    await eventually(() => expect(lab.ordered).toHaveLength(1));
    expect(lab.ordered[0]?.data).toMatchObject({ alias: 'shadow', version: 1, model: MODEL });
    const flights = makeFlights(1_500, { skill: even, from: WEDNESDAY, days: 2, seed: 6 });
    await fly(flights);
    const { probation } = await lab.results();
    expect(probation).toMatchObject({ version: 2, state: 'open', outcomes: 1_500 });
    expect(probation?.guardrails).toMatchObject([
      { name: 'degraded-vectors', estimate: 0, observations: 1_500, breached: false },
      { name: 'worse-than-before', limit: 0, observations: 1_500, breached: false },
    ]);
    expect(await breaches()).toEqual([]);
    expect(lab.ordered).toHaveLength(1);
  });

  test('nothing of it is missed, though its answers are read before the promotion', async () => {
    const flights = makeFlights(300, { skill: even, from: WEDNESDAY, days: 1 });
    const [unrelated] = makeFlights(1, { skill: even, prefix: 'unrelated' });
    // While somebody else holds the aliases the promotion cannot be folded; the answers are there to be read.
    await lab.database.sql.transaction(async (tx) => {
      await tx.query('LOCK TABLE experiments.aliases IN ACCESS EXCLUSIVE MODE');
      await promote();
      await lab.publish([
        ...flights.flatMap((flight) => [answered(flight, { version: 2, isFree: true }), shadowed(flight, shadowOf(flight, 0.7))]),
        ...flights.map(landed),
      ]);
      if (unrelated !== undefined) await lab.publish([exposed(unrelated)]);
      await eventually(async () => expect(await read(exposures.name)).toBe(1));
      expect(await read(predictions.name)).toBe(0);
    });
    await lab.progress(WEDNESDAY + 2 * DAY);
    await lab.settled();
    expect((await lab.results()).probation).toMatchObject({ outcomes: 300, guardrails: [{ observations: 300 }, { observations: 300 }] });
  });

  /** Records of a topic that the service has folded. */
  async function read(topic: string): Promise<number> {
    const [row] = await lab.database.sql.query<{ n: number }>(
      'SELECT coalesce(sum(next_offset), 0)::int AS n FROM experiments.checkpoints WHERE topic = $1',
      [topic],
    );
    return row?.n ?? 0;
  }

  test('stale features roll it back, once', async () => {
    await promote();
    await fly(makeFlights(300, { skill: even, from: WEDNESDAY, days: 0.5, prefix: 'well' }));
    const faulty = makeFlights(300, { skill: even, from: WEDNESDAY + DAY, days: 0.5, prefix: 'stale' });
    await fly(faulty, { degraded: true });
    await fly(makeFlights(50, { skill: even, from: WEDNESDAY + 2 * DAY, days: 0.1, prefix: 'more' }), { degraded: true });
    await eventually(() => expect(lab.ordered.filter(({ type }) => type === 'roll-back')).toHaveLength(1));
    expect(lab.ordered.at(-1)?.data).toMatchObject({ model: MODEL, alias: 'champion', from: 2, guardrail: 'degraded-vectors' });
    const [breach, ...others] = await breaches();
    expect(others).toEqual([]);
    expect(breach).toMatchObject({ guardrail: 'degraded-vectors', limit: 0.05, version: 2 });
    expect(breach?.['bound']).toBeGreaterThan(0.05);
    expect((await lab.results()).probation).toMatchObject({ state: 'breached', guardrails: [{ breached: true }, { breached: false }] });
    expect((await lab.results()).breaches).toEqual([breach]);
    expect((await lab.said(audit)).map(({ data }) => data['action'])).toContain('roll-back');
  });

  test('a version that costs more than its shadow is rolled back; set forward again it is watched anew', async () => {
    await promote();
    const worse = { control: 0.5, treatment: 0.5 };
    await fly(makeFlights(800, { skill: worse, from: WEDNESDAY, days: 1, prefix: 'one' }), { shadow: 0.8 });
    expect(await breaches()).toMatchObject([{ guardrail: 'worse-than-before' }]);
    await lab.setAlias('champion', 1, { kind: 'rolled-back', previous: 2 });
    await promote();
    await lab.settled();
    expect((await lab.results()).probation).toMatchObject({ state: 'open', outcomes: 0 });
    await fly(makeFlights(800, { skill: worse, from: WEDNESDAY + 2 * DAY, days: 1, prefix: 'two' }), { shadow: 0.8 });
    expect(await breaches()).toHaveLength(2);
    await eventually(() => expect(lab.ordered.filter(({ type }) => type === 'roll-back')).toHaveLength(2));
    const ids = lab.ordered.flatMap(({ type, data }) => (type === 'roll-back' ? [data.commandId] : []));
    expect(new Set(ids).size).toBe(2);
  });

  const FOREVER = Date.parse('9999-01-01T00:00:00Z');

  test('answers for a time that had not come when they were given do not blind its watch', async () => {
    await promote();
    const early = makeFlights(20, { skill: even, from: WEDNESDAY, days: 0.01, prefix: 'early' });
    await lab.publish(
      early.map((flight) => answered({ ...flight, askedAt: FOREVER }, { version: 2, isFree: true, knownAt: flight.askedAt })),
    );
    await lab.settled();
    await fly(makeFlights(300, { skill: even, from: WEDNESDAY + HOUR, days: 0.5 }), { degraded: true });
    expect(await breaches()).toMatchObject([{ guardrail: 'degraded-vectors' }]);
    const [last] = await lab.database.sql.query<{ tile: number }>('SELECT max(tile)::float8 AS tile FROM experiments.sums');
    expect(last?.tile).toBeLessThan((WEDNESDAY + 2 * DAY) / MINUTE);
  });

  test('a time in the future that was kept as reached is forgotten, and the watch goes on', async () => {
    await promote();
    await fly(makeFlights(50, { skill: even, from: WEDNESDAY, days: 0.1, prefix: 'well' }));
    await lab.database.sql.query('UPDATE experiments.event_times SET reached = $1', [FOREVER]);
    await lab.database.sql.query(`UPDATE experiments.probations SET looked = json_build_object('served', $1::int8, 'paired', $1::int8)`, [
      FOREVER / MINUTE,
    ]);
    await lab.settled();
    await fly(makeFlights(300, { skill: even, from: WEDNESDAY + HOUR * 4, days: 0.5, prefix: 'stale' }), { degraded: true });
    expect(await breaches()).toMatchObject([{ guardrail: 'degraded-vectors' }]);
  });

  test('a roll-back by hand ends it', async () => {
    await promote();
    await lab.setAlias('champion', 1, { kind: 'rolled-back', previous: 2 });
    await fly(makeFlights(200, { skill: even, from: WEDNESDAY, days: 0.5 }), { degraded: true });
    expect((await lab.results()).probation?.state).toBe('rolled-back');
    expect(await breaches()).toEqual([]);
  });
});

test('the first version of a model is on no probation: there is nothing to go back to', async () => {
  const lab = await Lab.start();
  await lab.startExperiment(freshFeatures);
  await lab.settled();
  expect((await lab.results()).probation).toBeNull();
  await lab.close();
});
