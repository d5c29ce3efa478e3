/** Against scipy, numpy, statsmodels and Evidently. */
import { DEFAULT_BINS, layBins } from './bins.ts';
import { compareProfiles, compareSamples } from './cdf-comparison.ts';
import { measureKolmogorovSmirnov, measureWasserstein, wassersteinDistance } from './cdf-distance.ts';
import type { Cells } from './cells.ts';
import { measureChiSquare, measurePsi } from './divergence-measures.ts';
import { chiSquareStatistic, cramersV, jensenShannonDistance, populationStabilityIndex } from './divergence.ts';
import { kolmogorovSurvival } from './kolmogorov.ts';
import { noncentralSurvival } from './noncentral.ts';
import { measureNullShare, type NullCounts } from './null-share.ts';
import { profileReference, profileValues, standardDeviation } from './numeric-profile.ts';
import { disagreements, readVectors } from '../../test/vectors.ts';

interface Samples {
  readonly reference: readonly number[];
  readonly current: readonly number[];
}

interface Vectors {
  readonly kolmogorov: readonly { x: number; value: number }[];
  readonly noncentral: readonly { x: number; df: number; noncentrality: number; survival: number }[];
  readonly samples: readonly (Samples & {
    ks: { statistic: number; limitingPValue: number; exactPValue: number };
    wasserstein: number;
    deviation: number;
  })[];
  readonly evidentlyWasserstein: readonly (Samples & { value: number })[];
  readonly cells: readonly (Cells & { psi: number; jensenShannon: number; chiSquare: number; pValue: number; cramersV: number })[];
  readonly evidentlyPsi: readonly (Cells & { value: number })[];
  readonly nullShares: readonly { reference: NullCounts; current: NullCounts; pValue: number; effect: number }[];
  readonly edges: readonly { values: readonly number[]; bins: number; edges: readonly number[] }[];
}

const vectors = readVectors<Vectors>('drift');
const compare = ({ reference, current }: Samples) => compareSamples(reference, current);
/** Where chi-square is 0 but for rounding, digits of it say nothing. */
const beyondRounding = vectors.cells.filter(({ chiSquare }) => chiSquare > 1e-12);

describe('drift measures agree to 1e-9', () => {
  test('Kolmogorov’s distribution with scipy', () => {
    expect(disagreements(vectors.kolmogorov, ({ x, value }) => [kolmogorovSurvival(x), value], 1e-9)).toEqual([]);
  });

  test('D with scipy, and its p-value with the limiting distribution', () => {
    const ks = (row: Samples) => measureKolmogorovSmirnov(compare(row));
    expect(disagreements(vectors.samples, (row) => [ks(row).statistic, row.ks.statistic], 1e-9)).toEqual([]);
    expect(disagreements(vectors.samples, (row) => [ks(row).pValue ?? NaN, row.ks.limitingPValue], 1e-9)).toEqual([]);
  });

  test('Wasserstein’s distance with scipy, far from zero too, and in standard deviations with Evidently', () => {
    expect(disagreements(vectors.samples, (row) => [wassersteinDistance(compare(row)), row.wasserstein], 1e-9)).toEqual([]);
    const effect = (row: Samples) =>
      measureWasserstein(compare(row), standardDeviation(profileValues(layBins(row.reference), row.reference))).effect;
    expect(disagreements(vectors.evidentlyWasserstein, (row) => [effect(row), row.value], 1e-9)).toEqual([]);
  });

  test('PSI with numpy for full and empty cells, and with Evidently where none is empty', () => {
    expect(disagreements(vectors.cells, (row) => [populationStabilityIndex(row), row.psi], 1e-9)).toEqual([]);
    expect(disagreements(vectors.evidentlyPsi, (row) => [populationStabilityIndex(row), row.value], 1e-9)).toEqual([]);
  });

  test('the Jensen-Shannon distance with scipy, also for categories that one side alone has met', () => {
    expect(disagreements(vectors.cells, (row) => [jensenShannonDistance(row), row.jensenShannon], 1e-9)).toEqual([]);
  });

  test('chi-square, its p-value where no cell is sparse, and Cramer’s V with scipy', () => {
    expect(disagreements(beyondRounding, (row) => [chiSquareStatistic(row), row.chiSquare], 1e-9)).toEqual([]);
    expect(disagreements(beyondRounding, (row) => [cramersV(row), row.cramersV], 1e-9)).toEqual([]);
    const full = vectors.cells.filter(({ reference, current }) => Math.min(...reference, ...current) > 6);
    expect(full.length).toBeGreaterThanOrEqual(4);
    expect(disagreements(full, (row) => [measureChiSquare(row).pValue ?? NaN, row.pValue], 1e-9)).toEqual([]);
  });

  test('the p-value and Cohen’s h of two shares of nulls with statsmodels', () => {
    const measure = (row: Vectors['nullShares'][number]) => measureNullShare(row.reference, row.current);
    expect(disagreements(vectors.nullShares, (row) => [measure(row).pValue ?? NaN, row.pValue], 1e-9)).toEqual([]);
    expect(disagreements(vectors.nullShares, (row) => [measure(row).effect, row.effect], 1e-9)).toEqual([]);
  });

  test('the edges of bins with numpy’s quantiles', () => {
    for (const { values, bins, edges } of vectors.edges) expect(layBins(values, bins)).toEqual(edges);
  });
});

describe('what is approximated is near', () => {
  test('where it matters, the limiting p-value of D is never below the exact one, nor twice as large', () => {
    const small = vectors.samples.filter(({ ks }) => ks.exactPValue < 0.2);
    expect(small).toHaveLength(4);
    for (const { ks } of small) {
      expect(ks.limitingPValue).toBeGreaterThanOrEqual(ks.exactPValue);
      expect(ks.limitingPValue).toBeLessThan(2 * ks.exactPValue);
    }
  });

  test('the tail of noncentral chi-square is right to 0.005, and from nine degrees of freedom on to a tenth of a small one', () => {
    const tail = ({ x, df, noncentrality }: Vectors['noncentral'][number]) => noncentralSurvival(x, df, noncentrality);
    for (const row of vectors.noncentral) expect(Math.abs(tail(row) - row.survival)).toBeLessThan(0.005);
    const many = vectors.noncentral.filter(({ df }) => df >= 9);
    expect(disagreements(many, (row) => [tail(row), row.survival], 0.1)).toEqual([]);
  });

  test('PSI is a scaled chi-square variable where nothing drifts, so its p-value is near that of chi-square', () => {
    const [first] = vectors.cells;
    const cells = first as Cells;
    expect(Math.abs((measurePsi(cells).pValue ?? NaN) - (measureChiSquare(cells).pValue ?? NaN))).toBeLessThan(0.01);
  });

  test('profiles never show more than the samples, and nearly as much', () => {
    for (const row of vectors.samples) {
      const reference = profileReference(row.reference, DEFAULT_BINS);
      const binned = compareProfiles(reference, profileValues(reference.edges, row.current));
      expect(binned.largestGap).toBeLessThanOrEqual(row.ks.statistic + 1e-12);
      expect(binned.largestGap).toBeGreaterThanOrEqual(row.ks.statistic - 2 / DEFAULT_BINS);
      expect(wassersteinDistance(binned)).toBeLessThanOrEqual(row.wasserstein * (1 + 1e-6));
      expect(wassersteinDistance(binned)).toBeGreaterThanOrEqual(row.wasserstein * 0.9);
    }
  });
});
