import { boundShare, isShareAbove } from './bernoulli.ts';
import type { Side } from './interval.ts';
import { disagreements, readVectors, uniformSource } from '../test/vectors.ts';

interface Case {
  readonly successes: number;
  readonly n: number;
  readonly tOpt: number;
  readonly side: Side;
  readonly low: number;
}
const { cases } = readVectors<{ cases: Case[] }>('bernoulli');

describe('a confidence sequence for a share', () => {
  test('its lower end agrees with 30-digit arithmetic to 1e-9, one- and two-sided', () => {
    expect(disagreements(cases, (row) => [boundShare(row, row).ci[0] ?? NaN, row.low], 1e-9)).toEqual([]);
  });

  test('asking for a limit alone answers as its lower end does, on either side of it', () => {
    const differing = cases.filter((row) => {
      const low = boundShare(row, row).ci[0] ?? 0;
      const [below, above] = [low * (1 - 1e-6), low * (1 + 1e-6)];
      return (low > 0 && !isShareAbove(row, below, row)) || isShareAbove(row, above, row);
    });
    expect(differing).toEqual([]);
    expect(isShareAbove({ successes: 0, n: 10 }, 0)).toBe(false);
    expect(isShareAbove({ successes: 90, n: 100 }, 0.5, { side: 'less' })).toBe(false);
  });

  test('bounding failures from below is bounding successes from above', () => {
    const above = boundShare({ successes: 30, n: 100 }, { side: 'less' });
    const below = boundShare({ successes: 70, n: 100 }, { side: 'greater' });
    expect(above.ci[0]).toBeNull();
    expect(above.ci[1]).toBeCloseTo(1 - below.ci[0]!, 12);
  });

  test('encloses the observed share, and one side alone is closer to it than both', () => {
    const both = boundShare({ successes: 50, n: 1000 });
    const low = boundShare({ successes: 50, n: 1000 }, { side: 'greater' });
    expect(both.share).toBe(0.05);
    expect(both.ci[0]).toBeLessThan(low.ci[0]!);
    expect(low.ci[0]).toBeLessThan(0.05);
    expect(both.ci[1]).toBeGreaterThan(0.05);
  });

  test('no success has the lower bound 0 and nothing but successes the upper bound 1', () => {
    expect(boundShare({ successes: 0, n: 50 }).ci[0]).toBe(0);
    expect(boundShare({ successes: 50, n: 50 }).ci[1]).toBe(1);
    expect(boundShare({ successes: 50, n: 50 }, { side: 'greater' }).ci[0]).toBeGreaterThan(0.7);
  });

  test('a million trials give a tight bound without loss of precision', () => {
    const { ci } = boundShare({ successes: 50_000, n: 1_000_000 }, { side: 'greater', tOpt: 1e6 });
    expect(ci[0]).toBeGreaterThan(0.0493);
    expect(ci[0]).toBeLessThan(0.0497);
  });

  test('a share of 30 % against a limit of 5 % is certain after some dozens of trials, a share of 5 % never', () => {
    expect(boundShare({ successes: 12, n: 40 }, { side: 'greater', tOpt: 200 }).ci[0]).toBeGreaterThan(0.05);
    expect(boundShare({ successes: 50, n: 1000 }, { side: 'greater', tOpt: 200 }).ci[0]).toBeLessThan(0.05);
  });

  test('watched after every trial, it leaves out the truth in at most alpha of the histories', () => {
    const uniform = uniformSource(77);
    const [histories, trials, truth] = [300, 150, 0.05];
    const options = { side: 'greater', alpha: 0.05, tOpt: 100 } as const;
    const wrong = Array.from({ length: histories }).filter(() => {
      let successes = 0;
      return Array.from({ length: trials }, (_, i) => {
        const hit = uniform() < truth;
        successes += Number(hit);
        // The bound rises with a success only.
        return hit && boundShare({ successes, n: i + 1 }, options).ci[0]! > truth;
      }).some(Boolean);
    });
    // Three standard errors above 5 % of 300.
    expect(wrong.length).toBeLessThanOrEqual(15 + 3 * Math.sqrt(300 * 0.05 * 0.95));
  });

  test('counts that cannot be are refused', () => {
    expect(() => boundShare({ successes: 3, n: 2 })).toThrow('3 successes are more than the 2 trials they come from.');
    expect(() => boundShare({ successes: 0, n: 0 })).toThrow('There has been no trial yet');
    expect(() => boundShare({ successes: -1, n: 2 })).toThrow('the number of successes is -1');
    expect(() => boundShare({ successes: 1, n: 2 }, { tOpt: 0 })).toThrow('tOpt is 0');
    expect(() => boundShare({ successes: 1, n: 2 }, { alpha: 0.6, side: 'less' })).toThrow('alpha is 0.6');
  });
});
