import type { Cells } from './cells.ts';
import { measureChiSquare, measureJensenShannon, measurePsi } from './divergence-measures.ts';
import { cramersV, jensenShannonDistance, populationStabilityIndex } from './divergence.ts';

const times = (counts: readonly number[], factor: number): number[] => counts.map((count) => count * factor);
const before = [500, 300, 200];
const after = [400, 300, 300];
const measures = [measurePsi, measureJensenShannon, measureChiSquare];

describe('the effect of a divergence', () => {
  test.each(measures.map((measure) => ({ name: measure.name, measure })))(
    'of $name stays the same however many values show it, while its p-value falls and its bound rises',
    ({ measure }) => {
      const grown = [10, 100, 1000, 10_000].map((factor) => measure({ reference: times(before, factor), current: times(after, factor) }));
      const [first, , , last] = grown;
      for (const { effect } of grown) expect(Math.abs(effect - (last?.effect ?? NaN))).toBeLessThan(0.01);
      for (let i = 1; i < grown.length; i++) expect(grown[i]?.atLeast).toBeGreaterThan(grown[i - 1]?.atLeast ?? NaN);
      expect(first?.pValue).toBeGreaterThanOrEqual(last?.pValue ?? NaN);
      for (const { atLeast, effect } of grown) expect(atLeast).toBeLessThan(effect);
    },
  );

  test('is Cramer’s V where the sides are of one size, and still is where one is a hundred times as large', () => {
    const alike = cramersV({ reference: times(before, 100), current: times(after, 100) });
    const unlike = { reference: times(before, 1000), current: times(after, 10) };
    expect(measureChiSquare(unlike).effect).toBeCloseTo(alike, 2);
    expect(cramersV(unlike)).toBeLessThan(alike / 4);
  });

  test('is 0 and sure of nothing where the shares are the same', () => {
    for (const measure of measures) {
      expect(measure({ reference: before, current: times(before, 3) })).toMatchObject({ effect: 0, atLeast: 0, pValue: 1 });
    }
  });

  test('is not fooled by categories that are met once each', () => {
    const side = (parity: number): number[] => Array.from({ length: 800 }, (_, index) => (index % 2 === parity ? 1 : 0));
    const cells: Cells = { reference: side(0), current: side(1) };
    expect(measureJensenShannon(cells)).toMatchObject({ effect: 0, atLeast: 0 });
    expect(jensenShannonDistance(cells)).toBeCloseTo(1, 12);
  });

  test('of a category that is new is found, though training holds a thousand times as many rows', () => {
    const cells = { reference: [0, 400_000, 600_000], current: [150, 340, 510] };
    for (const measure of measures) expect(measure(cells).atLeast).toBeGreaterThan(0.1);
  });

  test('says nothing of a feature with one value', () => {
    for (const measure of measures) {
      expect(measure({ reference: [9], current: [40] })).toMatchObject({ statistic: 0, effect: 0, atLeast: 0, pValue: 1 });
    }
  });
});

describe('cells that one side alone has met', () => {
  test('count as half an observation in PSI, so that one stray value weighs less the more values there are', () => {
    const stray = (n: number): number => populationStabilityIndex({ reference: [n, 0], current: [n - 1, 1] });
    expect(stray(100)).toBeCloseTo(0.005 * Math.log(2), 3);
    expect(stray(10_000)).toBeLessThan(stray(100) / 90);
  });

  test('and nothing else, make the Jensen-Shannon distance 1', () => {
    expect(jensenShannonDistance({ reference: [5, 0], current: [0, 9] })).toBe(1);
  });
});
