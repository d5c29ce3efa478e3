/** What a run of the demo found; the report, the page and the JSON line are made of it. */
import type { ExperimentResults } from '@roofshot/contracts/http/experiments';
import type { AuditAnswer } from '@roofshot/contracts/http/features';
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
}

export interface DemoResult {
  readonly scope: Scope;
  readonly totals: ReplayTotals;
  readonly trained: readonly [Trained, Trained];
  readonly disagreement: Disagreement;
  readonly truth: Truth;
  readonly results: ExperimentResults;
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

/** True when the experiment made the second version champion: only then is there anything to roll back. */
export function isPromoted({ decision }: ExperimentResults): boolean {
  return decision?.decision === 'promote' && decision.promotion?.state !== 'refused';
}
