import type { AllocationDocument, Analysis } from '@roofshot/contracts/experiments';
import { EXPERIMENT_DEFAULTS, type ExperimentSpec, type MetricSpec } from '@roofshot/contracts/resources/experiment-kinds';
import { parseDuration } from '@roofshot/runtime/durations';
import type { NamedMetric } from '../join/scope.ts';
import type { Tiling } from '../sums/series.ts';

/** What a phase was started with. Nothing of it changes while it runs. */
export interface Frozen {
  readonly spec: ExperimentSpec;
  readonly metric: MetricSpec;
  /** The experiment's metric first, then those of its guardrails. */
  readonly metrics: readonly NamedMetric[];
  readonly model: string;
  /** The alias that the control answers for: what a promotion moves. */
  readonly alias: string;
  readonly champion: number;
  readonly challenger: number;
  readonly startedBy: string;
  /** Of the request that started it; goes on to everything that follows from the phase. */
  readonly correlationId: string | null;
  readonly tiling: Tiling;
}

export type PhaseState = 'running' | 'decided' | 'stopped';

export interface Decision {
  readonly decision: 'promote' | 'keep' | 'stop-harm' | 'invalid';
  readonly because: string;
  /** Event time. */
  readonly decidedAt: string;
  readonly analysis: Analysis;
}

/** What became of a decision to promote: the registry has the last word. */
export type Promotion = 'ordered' | 'done' | 'refused';

export interface Phase {
  readonly experiment: string;
  readonly phase: number;
  readonly scope: number;
  readonly deployment: string;
  readonly state: PhaseState;
  readonly configVersion: number;
  /** Epoch milliseconds, event time. */
  readonly startedAt: number;
  readonly endsAt: number;
  readonly frozen: Frozen;
  readonly publishedUntil: number | null;
  readonly decision: Decision | null;
  readonly promotion: Promotion | null;
  readonly promotionDetail: string | null;
}

type Variant = ExperimentSpec['variants'][number];

export function armsOf({ variants }: ExperimentSpec): { readonly control: Variant; readonly treatment: Variant } {
  const control = variants.find((variant) => variant.control === true);
  const treatment = variants.find((variant) => variant.control !== true);
  if (control === undefined || treatment === undefined) throw new Error('An experiment without a control and a treatment was kept.');
  return { control, treatment };
}

const HOUR_MS = 3_600_000;
/** Widths that people can name. A phase is cut into at least `LEAST_TILES`, so that a look is never far off, and into hours at most. */
const WIDTHS_MS = [HOUR_MS, 1_800_000, 900_000, 600_000, 300_000, 60_000, 30_000, 10_000, 5_000, 1_000];
const LEAST_TILES = 48;

/** Tiles begin at the start and end at the end, whatever the duration (a whole number of seconds). */
export function tilingOf(startedAt: number, durationMs: number): Tiling {
  const fits = (width: number): boolean => durationMs % width === 0 && durationMs / width >= LEAST_TILES;
  return { origin: startedAt, width: WIDTHS_MS.find(fits) ?? 1_000 };
}

export const maturityOf = ({ metric }: Frozen): number => parseDuration(metric.maturity) ?? 0;

export function allocationOf({ experiment, phase, configVersion, deployment, state, frozen }: Phase): AllocationDocument {
  const { unit, seed, hashVersion = EXPERIMENT_DEFAULTS.hashVersion, coverage = EXPERIMENT_DEFAULTS.coverage, variants } = frozen.spec;
  return {
    experiment,
    deployment,
    configVersion,
    phase,
    state: state === 'running' ? 'running' : 'stopped',
    unit,
    seed,
    hashVersion,
    coverage,
    variants: variants.map(({ name, serves, weight }) => ({ name, serves, weight })),
  };
}
