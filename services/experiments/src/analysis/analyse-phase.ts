/** A phase's analysis from its sums: a pure function of what happened, so it comes out the same whenever and wherever it is made. */
import type { Analysis } from '@roofshot/contracts/experiments';
import { EXPERIMENT_DEFAULTS } from '@roofshot/contracts/resources/experiment-kinds';
import { adjustForCovariate } from '@roofshot/statistics/cuped';
import { meanArm } from '@roofshot/statistics/effect';
import { StatisticsError } from '@roofshot/statistics/errors';
import type { Interval } from '@roofshot/statistics/interval';
import type { Moments } from '@roofshot/statistics/moments';
import { testSrm } from '@roofshot/statistics/srm';
import { testWelch } from '@roofshot/statistics/welch';
import { excludedSeries, exposedSeries, valuedSeries, valueSeries } from '../join/count-unit.ts';
import { armsOf, maturityOf, type Phase } from '../phases/phase.ts';
import { momentsOf, pairMomentsOf, pooledCovariate } from '../sums/exact-sums.ts';
import { tileOf, type SeriesTable } from '../sums/series.ts';
import { alphaOf, lookOnce, tuningOf, whereDefined, type Looks } from './look-at-phase.ts';

export interface AnalysedPhase {
  readonly phase: Phase;
  readonly series: SeriesTable;
  readonly looks: Looks;
  /** Event time up to which outcomes are in, epoch milliseconds. */
  readonly asOf: number;
  /** Only tiles before this one; default all. */
  readonly endTile?: number;
}

/** Where statistics has no answer, intervals are open at both ends, and `ciMethod` says why. */
export function analysePhase(analysed: AnalysedPhase): Analysis {
  const { phase, looks, asOf } = analysed;
  const arms = momentsOfArms(analysed);
  return {
    experiment: phase.experiment,
    phase: phase.phase,
    metric: phase.frozen.spec.metric,
    asOf: new Date(asOf).toISOString(),
    ...countUnits(analysed),
    means: Object.fromEntries(arms.filter(({ moments }) => moments.n > 0).map(({ name, moments }) => [name, moments.mean])),
    ...compareArms(phase, arms),
    cuped: phase.frozen.metric.covariate === undefined ? null : adjustArms(analysed),
    sequential: watch(phase, arms, looks),
    srm: checkSplit(analysed),
    significantSince: looks.significantSince === null ? null : new Date(looks.significantSince).toISOString(),
  };
}

interface ArmMoments {
  readonly name: string;
  readonly moments: Moments;
}
type TwoArms = readonly [control: ArmMoments, treatment: ArmMoments];

function momentsOfArms({ phase, series, endTile }: AnalysedPhase): TwoArms {
  const { control, treatment } = armsOf(phase.frozen.spec);
  const of = ({ name }: { name: string }): ArmMoments => ({ name, moments: momentsOf(series.total(valueSeries(name), endTile)) });
  return [of(control), of(treatment)];
}

const variantNames = ({ frozen }: Phase): string[] => frozen.spec.variants.map(({ name }) => name);

/** `missing`: exposed, and the window ended without an outcome; `immature`: it has not ended. Exposures are known by their tile. */
function countUnits({
  phase,
  series,
  asOf,
  endTile,
}: AnalysedPhase): Pick<Analysis, 'units' | 'valued' | 'excluded' | 'missing' | 'immature'> {
  const names = variantNames(phase);
  const counts = (seriesOf: (variant: string) => string): Record<string, number> =>
    Object.fromEntries(names.map((name) => [name, series.count(seriesOf(name), endTile)]));
  const without = (end: number): number =>
    names.reduce((sum, name) => sum + series.count(exposedSeries(name), end) - series.count(valuedSeries(name), end), 0);
  const end = endTile ?? Number.POSITIVE_INFINITY;
  const missing = without(Math.min(end, tileOf(phase.frozen.tiling, asOf - maturityOf(phase.frozen))));
  return {
    units: counts(exposedSeries),
    valued: counts(valueSeries),
    excluded: names.reduce((sum, name) => sum + series.count(excludedSeries(name), endTile), 0),
    missing,
    immature: without(end) - missing,
  };
}

function compareArms(phase: Phase, [control, treatment]: TwoArms): Pick<Analysis, 'effect' | 'ci' | 'ciMethod' | 'pValue'> {
  const alpha = alphaOf(phase);
  try {
    const { effect, ci, pValue } = testWelch(meanArm(control.moments), meanArm(treatment.moments), { differenceType: 'absolute', alpha });
    return { effect, ci: [...ci], ciMethod: `Welch's t, ${percent(1 - alpha)} two-sided, absolute difference`, pValue };
  } catch (error) {
    if (!(error instanceof StatisticsError)) throw error;
    return {
      effect: treatment.moments.mean - control.moments.mean,
      ci: [null, null],
      ciMethod: `none: ${error.message}`,
      pValue: 1,
    };
  }
}

function adjustArms({ phase, series, endTile }: AnalysedPhase): Analysis['cuped'] {
  const { control, treatment } = armsOf(phase.frozen.spec);
  const sums = [series.total(valueSeries(control.name), endTile), series.total(valueSeries(treatment.name), endTile)] as const;
  const centre = pooledCovariate(sums);
  return (
    whereDefined(() => {
      const adjusted = adjustForCovariate(pairMomentsOf(sums[0], centre), pairMomentsOf(sums[1], centre));
      const { theta, varianceReduction } = adjusted;
      const { effect, ci } = testWelch(adjusted.control, adjusted.treatment, { differenceType: 'absolute', alpha: alphaOf(phase) });
      return { effect, ci: [...ci] as [number | null, number | null], theta, varianceReduction };
    }) ?? null
  );
}

function watch(phase: Phase, [control, treatment]: TwoArms, looks: Looks): Analysis['sequential'] {
  const look = whereDefined(() => lookOnce(phase, [meanArm(control.moments), meanArm(treatment.moments)], looks.pValue));
  const ci: Interval = look?.ci ?? [null, null];
  return {
    method: `asymptotic confidence sequence (Waudby-Smith et al. 2021), ${percent(1 - alphaOf(phase))}, tightest at ${tuningOf(phase)} units`,
    ci: [...ci],
    pValue: look?.pValue ?? looks.pValue,
  };
}

/** Of exposed units against the configured weights. */
function checkSplit({ phase, series, endTile }: AnalysedPhase): Analysis['srm'] {
  const { variants, design } = phase.frozen.spec;
  const observed = variants.map(({ name }) => series.count(exposedSeries(name), endTile));
  const units = observed.reduce((sum, n) => sum + n, 0);
  const weight = variants.reduce((sum, variant) => sum + variant.weight, 0);
  const expected = Object.fromEntries(variants.map((variant) => [variant.name, (units * variant.weight) / weight]));
  if (units === 0) return { pValue: 1, mismatch: false, expected };
  const weights = variants.map((variant) => variant.weight);
  const { pValue, mismatch } = testSrm({ observed, weights }, design.srmAlarm ?? EXPERIMENT_DEFAULTS.srmAlarm);
  return { pValue, mismatch, expected };
}

const percent = (share: number): string => `${Number((100 * share).toPrecision(12))} %`;
