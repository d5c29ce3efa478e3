import { DAY, HOUR, MINUTE, MONDAY } from '../../test/lab.ts';
import { phaseWith } from '../../test/phases.ts';
import { allocationOf, tilingOf } from './phase.ts';

test.each([
  [7 * DAY, HOUR],
  [28 * DAY, HOUR],
  [DAY, 30 * MINUTE],
  [HOUR, MINUTE],
  [90 * MINUTE, MINUTE],
  [61_000, 1_000],
  [10_000, 1_000],
])('a stretch of %i ms is cut into tiles of %i ms, which end with it', (duration, width) => {
  expect(tilingOf(MONDAY, duration)).toEqual({ origin: MONDAY, width });
  expect(duration % width).toBe(0);
});

test('the allocation says what serving and flags need, and that it is over when the phase is', () => {
  const phase = phaseWith();
  expect(allocationOf(phase)).toEqual({
    experiment: 'e',
    deployment: 'delays',
    configVersion: 1,
    phase: 1,
    state: 'running',
    unit: 'flight',
    seed: 'exp-1',
    hashVersion: 2,
    coverage: 1,
    variants: [
      { name: 'control', serves: 'champion', weight: 0.5 },
      { name: 'treatment', serves: 'challenger', weight: 0.5 },
    ],
  });
  expect(allocationOf({ ...phase, state: 'decided' }).state).toBe('stopped');
});
