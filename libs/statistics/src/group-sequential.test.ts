import { normalUpperQuantile } from './distributions.ts';
import { groupSequentialBounds, spendAlpha, type GroupSequentialOptions } from './group-sequential.ts';
import { readVectors } from '../test/vectors.ts';

interface Case extends GroupSequentialOptions {
  readonly fractions: readonly number[];
  readonly z: readonly number[];
}
const { cases } = readVectors<{ cases: Case[] }>('group-sequential');
const FIVE = [0.2, 0.4, 0.6, 0.8, 1];
const rounded = (bounds: readonly number[], digits: number): number[] => bounds.map((bound) => Number(bound.toFixed(digits)));

describe('group sequential boundaries', () => {
  test.each(cases)('agree with adaptive quadrature: $spending, $sides sides, at $fractions', ({ fractions, z, ...options }) => {
    groupSequentialBounds(fractions, options).forEach((bound, look) => expect(Math.abs(bound - z[look]!)).toBeLessThan(1e-9));
  });

  test('are the published ones of five equal looks at 5 % on both sides', () => {
    // Reboussin, DeMets, Kim & Lan (2000), ldbounds: O'Brien-Fleming-like and Pocock-like spending.
    const both = { alpha: 0.05, sides: 2 } as const;
    expect(rounded(groupSequentialBounds(FIVE, { ...both, spending: 'obrien_fleming' }), 4)).toEqual([
      4.8769, 3.357, 2.6803, 2.2898, 2.031,
    ]);
    expect(rounded(groupSequentialBounds(FIVE, { ...both, spending: 'pocock' }), 3)).toEqual([2.438, 2.427, 2.41, 2.397, 2.386]);
  });

  test('one look is the fixed test', () => {
    expect(groupSequentialBounds([1], { alpha: 0.05, sides: 2 })[0]).toBeCloseTo(normalUpperQuantile(0.025), 10);
    expect(groupSequentialBounds([1], { alpha: 0.05 })[0]).toBeCloseTo(normalUpperQuantile(0.05), 10);
  });

  test('looks already taken do not depend on those to come', () => {
    const planned = groupSequentialBounds(FIVE);
    const changed = groupSequentialBounds([0.2, 0.4, 0.7, 0.75, 0.9, 1]);
    planned.slice(0, 2).forEach((bound, look) => expect(Math.abs(bound - changed[look]!)).toBeLessThan(1e-9));
  });

  test('all of alpha is spent at the end and none before the start', () => {
    for (const spending of ['power_family', 'obrien_fleming', 'pocock'] as const) {
      expect(spendAlpha(1, { alpha: 0.04, sides: 2, spending })).toBeCloseTo(0.04, 14);
      expect(spendAlpha(1e-12, { alpha: 0.04, spending })).toBeLessThan(1e-12);
    }
  });

  test('many looks cost little and stay in order', () => {
    const bounds = groupSequentialBounds(
      Array.from({ length: 60 }, (_, look) => (look + 1) / 60),
      { sides: 2 },
    );
    expect(bounds.every((bound, look) => look === 0 || bound < bounds[look - 1]!)).toBe(true);
  });

  test('fractions out of order or beyond 1 are refused, and so is a look too early to spend anything', () => {
    expect(() => groupSequentialBounds([0.5, 0.5])).toThrow('The information fractions 0.5, 0.5 are no plan');
    expect(() => groupSequentialBounds([0.5, 1.1])).toThrow('no plan');
    expect(() => groupSequentialBounds([])).toThrow('no plan');
    expect(() => groupSequentialBounds([0.0001, 1], { spending: 'obrien_fleming' })).toThrow('leave out the earliest looks');
    expect(() => groupSequentialBounds([1], { alpha: 0 })).toThrow('alpha is 0');
  });
});
