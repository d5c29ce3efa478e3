import { SettableClock } from '@roofshot/testing/clock';
import { eventually } from '@roofshot/testing/eventually';
import { allOf, answered, makeFlights } from './flights.ts';
import { DAY, freshFeatures, HOUR, Lab, MONDAY } from './lab.ts';

describe('live events, of which nobody says how far they are', () => {
  const clock = new SettableClock(MONDAY);
  let lab: Lab;
  beforeAll(async () => {
    lab = await Lab.start({ clock: clock.now, isLive: true });
    await lab.startExperiment({ ...freshFeatures, design: { duration: '1d' } });
  });
  afterAll(() => lab.close());

  const flights = makeFlights(800, { skill: { control: 0.5, treatment: 0.8 }, days: 1 });

  test('are known as far as the newest has come', async () => {
    clock.set(MONDAY + DAY + 5 * HOUR - 1);
    await lab.publish(allOf(flights));
    await lab.settled();
    const { analysis, state } = await lab.results();
    expect(state).toBe('running');
    // The last flights of the day land some hours after it, in either partition.
    expect(Date.parse(analysis?.asOf ?? '')).toBeGreaterThan(MONDAY + DAY);
    expect(Date.parse(analysis?.asOf ?? '')).toBeLessThan(MONDAY + DAY + 5 * HOUR);
  });

  test('are known as far as ingestion says while none comes: a quiet evening does not hold up a decision', async () => {
    const evening = MONDAY + DAY + 6 * HOUR;
    clock.set(MONDAY + DAY + 12 * HOUR);
    await lab.quiet(evening, clock.now() - 1);
    await lab.progress(evening);
    await eventually(async () => expect(Date.parse((await lab.results()).analysis?.asOf ?? '')).toBe(clock.now() - 1));
    expect((await lab.results()).state).toBe('running');
    await lab.quiet(evening, clock.now());
    await eventually(async () => expect((await lab.results()).decision?.decision).toBe('promote'));
  });

  test('after a promotion an idle hour is looked at, too', async () => {
    await lab.setAlias('champion', 2, { previous: 1 });
    const stale = makeFlights(60, { skill: { control: 1, treatment: 1 }, from: clock.now(), days: 0.001, prefix: 'stale' });
    await lab.publish(stale.map((flight) => answered(flight, { version: 2, isFree: true, degraded: true })));
    await lab.settled();
    clock.advance(HOUR);
    await eventually(async () => expect((await lab.results()).breaches).toHaveLength(1));
  });
});
