import { categoryShares, type CategoryProfile, type CategoryShares } from './category-profile.ts';
import type { FeatureProfile } from './feature-profile.ts';
import type { DriftMeasure, Measured } from './measured.ts';
import type { NumericProfile } from './numeric-profile.ts';
import type { Standing } from './standing.ts';

const NAMES: Readonly<Record<DriftMeasure, string>> = {
  psi: 'the population stability index',
  'jensen-shannon': 'the Jensen–Shannon distance',
  'chi-square': 'Cramér’s V',
  'kolmogorov-smirnov': 'the Kolmogorov–Smirnov distance',
  wasserstein: 'the Wasserstein distance in standard deviations',
  'null-share': 'Cohen’s h of the shares of nulls',
};

const short = (value: number): string => String(Number(value.toPrecision(3)));
const percent = (share: number): string => `${short(share * 100)} %`;
const { format: grouped } = new Intl.NumberFormat('en-US');

function sayNullChange(reference: FeatureProfile, { statistic, n }: Measured): string {
  const before = reference.nulls / n[0];
  return `nulls went from ${percent(before)} to ${percent(before + statistic)}`;
}

function sayNumericChange({ moments: before }: NumericProfile, { moments: after }: NumericProfile): string {
  return `the mean went from ${short(before.mean)} to ${short(after.mean)}`;
}

/** The category that adds most to chi-square: of two that changed as much, the rarer one. */
function sayCategoryChange(reference: CategoryProfile, current: CategoryProfile): string {
  const weight = ({ before, after }: CategoryShares): number => (before === after ? 0 : (after - before) ** 2 / (before + after));
  const [most] = categoryShares(reference, current).sort((a, b) => weight(b) - weight(a));
  return most === undefined ? '' : `${most.name} went from ${percent(most.before)} to ${percent(most.after)}`;
}

function sayChange(measured: Measured, reference: FeatureProfile, current: FeatureProfile): string {
  if (measured.measure === 'null-share') return sayNullChange(reference, measured);
  if (reference.kind === 'numeric' && current.kind === 'numeric') return sayNumericChange(reference, current);
  if (reference.kind === 'categorical' && current.kind === 'categorical') return sayCategoryChange(reference, current);
  return '';
}

function sayNone({ measured, threshold }: Standing): string {
  const of = `${NAMES[measured.measure]} is ${short(measured.effect)}`;
  const n = `${grouped(measured.n[1])} in serving against ${grouped(measured.n[0])} at training`;
  if (measured.effect < threshold.some) return `No drift: ${of}, and ${threshold.some} would count (${n}).`;
  return `No drift that is sure: ${of}, and ${threshold.some} would count, but of this many values (${n}) chance leaves open that it is ${short(measured.atLeast)}.`;
}

/** What a verdict rests on; `first` is the measure that decides, the one nearest to its threshold where there is no drift. */
export function sayVerdict(first: Standing | undefined, reference: FeatureProfile, current: FeatureProfile): string {
  if (first === undefined) return 'No drift is told, because no measure that may decide could be taken.';
  if (first.strength === 'none') return sayNone(first);
  const { measured, threshold, strength } = first;
  const title = strength === 'strong' ? 'Strong drift' : 'Some drift';
  const sure = `${NAMES[measured.measure]} is ${short(measured.effect)}, surely above ${short(measured.atLeast)}`;
  return `${title}: ${sure}, where ${threshold[strength]} counts as ${strength}; ${sayChange(measured, reference, current)}.`;
}
