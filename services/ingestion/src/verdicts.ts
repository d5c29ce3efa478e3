import type { EventResult, Verdict } from '@roofshot/contracts/http/ingestion';

/** Why an event is not on its stream. `reason`: a stable word for machines; `detail`: what is wrong and what to do. */
export interface Refusal {
  readonly verdict: 'quarantined' | 'late';
  readonly reason:
    | 'envelope'
    | 'json'
    | 'avro'
    | 'unknown-schema'
    | 'unknown-type'
    | 'schema'
    | 'known-time'
    | 'event-time'
    | 'too-late'
    | 'too-large'
    | 'not-allowed';
  readonly detail: string;
  /** JSON pointer into the event. */
  readonly path?: string;
  readonly delaySeconds?: number;
}

export const VERDICTS = ['accepted', 'duplicate', 'late', 'quarantined'] as const satisfies readonly Verdict[];

/** How many of each; `received` is their sum, always. */
export type VerdictCounts = Record<Verdict, number>;

export const noVerdicts = (): VerdictCounts => ({ accepted: 0, duplicate: 0, late: 0, quarantined: 0 });

export function countVerdicts(results: readonly Pick<EventResult, 'verdict'>[]): VerdictCounts {
  const counts = noVerdicts();
  for (const { verdict } of results) counts[verdict] += 1;
  return counts;
}

export function refusedResult(id: string, { verdict, reason, detail, path }: Refusal): EventResult {
  return { id, verdict, reason, detail, ...(path !== undefined && { path }) };
}
