/** What facts are joined for: a phase of an experiment, or the probation of a promoted version. Fixed when it opens. */
import type { MetricSpec } from '@roofshot/contracts/resources/experiment-kinds';
import { compileMetric, type CompiledMetric } from '../metrics-of-units.ts';
import type { Tiling } from '../sums/series.ts';

export interface NamedMetric {
  readonly name: string;
  readonly spec: MetricSpec;
}

interface ScopeBase {
  readonly deployment: string;
  readonly experiment: string;
  readonly tiling: Tiling;
  readonly metrics: readonly NamedMetric[];
}

export interface PhaseScope extends ScopeBase {
  readonly kind: 'phase';
  readonly phase: number;
  /** Exposures with startedAt ≤ event time < endsAt count; epoch milliseconds. */
  readonly startedAt: number;
  readonly endsAt: number;
}

export interface ProbationScope extends ScopeBase {
  readonly kind: 'probation';
  readonly version: number;
  readonly shadowAlias: string;
}

export type ScopeSpec = PhaseScope | ProbationScope;

/** A scope with its expressions compiled. */
export type Scope = { readonly id: number; readonly spec: ScopeSpec; readonly compiled: readonly CompiledMetric[] };

export function compileScope(id: number, spec: ScopeSpec): Scope {
  return { id, spec, compiled: spec.metrics.map(({ name, spec: metric }) => compileMetric(name, metric)) };
}

export const outcomeTypesOf = ({ metrics }: ScopeSpec): string[] => [...new Set(metrics.map(({ spec }) => spec.source.outcome.eventType))];
