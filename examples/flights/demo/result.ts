/** What a run of the demo found; the report, the page and the JSON line are made of it. */
import type { ExperimentResults } from '@roofshot/contracts/http/experiments';
import type { AuditAnswer } from '@roofshot/contracts/http/features';
import type { ChartStory, Look } from './effect-chart.ts';
import type { FaultSeen } from './fault-day.ts';
import type { ReplayTotals } from './replay.ts';
import type { Disagreement, RollBack, Trained } from './stages.ts';
import type { Truth } from './truth.ts';

/** What was run. */
export interface Scope {
  /** Airports in the network. */
  readonly airports: number;
  readonly isLarge: boolean;
  /** Of the experiment. */
  readonly days: number;
  readonly permuted: boolean;
  /** On servers of its own instead of what is embedded. */
  readonly onServers: boolean;
}

export interface DemoResult {
  readonly scope: Scope;
  readonly totals: ReplayTotals;
  readonly trained: readonly [Trained, Trained];
  readonly disagreement: Disagreement;
  readonly truth: Truth;
  readonly results: ExperimentResults;
  /** The analyses that the experiment published on its way, in event time. */
  readonly looks: readonly Look[];
  readonly secondsToDecision: number;
  readonly audit: AuditAnswer;
  /** Empty where no new version had become champion. */
  readonly faults: readonly FaultSeen[];
  readonly rollbacks: readonly RollBack[];
  readonly seconds: number;
  readonly readySeconds: number;
  readonly peakMemoryMb: number;
  readonly eventLog: string;
}

/** What its chart tells of a run. */
export function storyOf({ looks, results }: Pick<DemoResult, 'looks' | 'results'>): ChartStory {
  const analysis = results.decision?.analysis ?? results.analysis;
  return { looks, significantSince: analysis?.significantSince ?? null, decision: results.decision?.decision ?? null };
}

/** True when the experiment made the second version champion: only then is there anything to roll back. */
export function isPromoted({ decision }: ExperimentResults): boolean {
  return decision?.decision === 'promote' && decision.promotion?.state !== 'refused';
}
