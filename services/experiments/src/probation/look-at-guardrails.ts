/** The guardrails of a probation, looked at after each minute of event time. Pure. */
import { boundShare, isShareAbove } from '@roofshot/statistics/bernoulli';
import { testPairedSequentially } from '@roofshot/statistics/paired';
import { whereDefined } from '../analysis/look-at-phase.ts';
import { OUTCOME_SERIES, pairedSeries, SERVED_SERIES } from '../join/count-unit.ts';
import { momentsOf, sumOf, type ExactSums } from '../sums/exact-sums.ts';
import { leastKnown } from '../progress/event-times.ts';
import type { Progress, Watched } from '../progress/read-progress.ts';
import { RunningTotal, tileOf, tileStart, type SeriesTable } from '../sums/series.ts';
import type { Breach, Guardrail, Looked, Probation } from './probation.ts';

/** Pairs that a paired guardrail waits for: the guarantee of its boundary is asymptotic. */
export const LEAST_PAIRS = 100;

/** One guardrail at one look; null where there is nothing to say yet. */
export interface Reading {
  readonly estimate: number | null;
  /** One-sided lower confidence bound, valid at every look. */
  readonly bound: number | null;
  readonly observations: number;
  readonly breached: boolean;
}

export const seriesOf = (guardrail: Guardrail): string =>
  guardrail.type === 'degraded-share' ? SERVED_SERIES : pairedSeries(guardrail.metric);

export function readGuardrail(guardrail: Guardrail, sums: ExactSums): Reading {
  const observations = Number(sums.n);
  const { estimate, bound } = guardrail.type === 'degraded-share' ? boundDegraded(guardrail, sums) : boundPairs(guardrail, sums);
  return { estimate, bound, observations, breached: bound !== null && bound > guardrail.max };
}

/** As `readGuardrail` has it, without the bound itself: most looks need no more. */
function isBreached(guardrail: Guardrail, sums: ExactSums): boolean {
  if (guardrail.type === 'paired-metric') return readGuardrail(guardrail, sums).breached;
  const counts = { successes: sumOf(sums), n: Number(sums.n) };
  return counts.n > 0 && isShareAbove(counts, guardrail.max, { side: 'greater', alpha: guardrail.alpha });
}

type Bounded = Pick<Reading, 'estimate' | 'bound'>;

function boundDegraded({ alpha }: Guardrail, sums: ExactSums): Bounded {
  if (sums.n === 0n) return { estimate: null, bound: null };
  const { share, ci } = boundShare({ successes: sumOf(sums), n: Number(sums.n) }, { side: 'greater', alpha });
  return { estimate: share, bound: ci[0] };
}

function boundPairs({ alpha }: Guardrail, sums: ExactSums): Bounded {
  const moments = momentsOf(sums);
  const estimate = moments.n === 0 ? null : moments.mean;
  if (moments.n < LEAST_PAIRS) return { estimate, bound: null };
  const look = whereDefined(() => testPairedSequentially(moments, { side: 'greater', alpha, tuningParameter: PAIRS_TUNING }));
  return { estimate, bound: look?.ci[0] ?? null };
}

/** The boundary is tightest after so many pairs: as many as bound a share most tightly. */
export const PAIRS_TUNING = 1_000;

export interface Judged {
  readonly looked: Looked;
  readonly breach: Breach | undefined;
}

/** The first tiles that may not be complete yet: answers are known before `served`, answers and outcomes before `paired`. */
export type Complete = Looked;

export function completeFor({ deployment, frozen }: Probation, progressOf: (watched: Watched) => Progress): Complete {
  const { answers, outcomes } = progressOf({ deployment, outcomeTypes: frozen.outcomeTypes });
  const endOf = (time: number | null): number => (time === null ? 0 : tileOf(frozen.tiling, time));
  return { served: endOf(answers), paired: endOf(leastKnown([answers, outcomes])) };
}

interface Look {
  readonly tile: number;
  readonly guardrail: Guardrail;
  readonly reading: Reading;
}

/** All looks that have become possible, in order of time, up to the first breach. `series`: with what lies before `looked` put together. */
export function judgeProbation(probation: Probation, series: SeriesTable, complete: Complete): Judged {
  const { guardrails } = probation.frozen;
  const first = guardrails
    .flatMap((guardrail) => firstBreach(probation, guardrail, series, complete) ?? [])
    .reduce<Look | undefined>((least, look) => (least === undefined || look.tile < least.tile ? look : least), undefined);
  const looked = { served: Math.max(probation.looked.served, complete.served), paired: Math.max(probation.looked.paired, complete.paired) };
  return { looked, breach: first && describeBreach(probation, series, first) };
}

function firstBreach({ looked }: Probation, guardrail: Guardrail, series: SeriesTable, complete: Complete): Look | undefined {
  const kind = guardrail.type === 'degraded-share' ? 'served' : 'paired';
  const tiles = series.tiles(seriesOf(guardrail));
  const total = new RunningTotal(tiles);
  for (const { tile: last } of tiles) {
    const tile = last + 1;
    if (tile > complete[kind]) return undefined;
    const sums = total.advanceTo(tile);
    if (tile <= looked[kind]) continue;
    if (isBreached(guardrail, sums)) return { tile, guardrail, reading: readGuardrail(guardrail, sums) };
  }
  return undefined;
}

function describeBreach({ experiment, deployment, frozen }: Probation, series: SeriesTable, { tile, guardrail, reading }: Look): Breach {
  const { model, version, tiling } = frozen;
  const { estimate, bound, observations } = reading;
  const limit = guardrail.max;
  return {
    experiment,
    guardrail: guardrail.name,
    deployment,
    model,
    version,
    estimate: estimate ?? 0,
    bound: bound ?? 0,
    limit,
    observations,
    outcomes: series.count(OUTCOME_SERIES, tile),
    breachedAt: new Date(tileStart(tiling, tile)).toISOString(),
    because: `${whatOf(guardrail)} is above ${limit}: ${short(estimate)} over ${observations} answers, at least ${short(bound)} by the one-sided bound that holds at every look (alpha ${short(guardrail.alpha)}).`,
  };
}

function whatOf(guardrail: Guardrail): string {
  return guardrail.type === 'degraded-share'
    ? 'The share of answers from stale or absent feature values'
    : `What this version makes ${guardrail.metric} worse than its shadow would have`;
}

const short = (value: number | null): string => (value === null ? 'unknown' : String(Number(value.toPrecision(4))));
