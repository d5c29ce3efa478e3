import type { GuardrailBreached } from '@roofshot/contracts/experiments';
import type { DataOf } from '@roofshot/contracts/define';
import { GUARDRAIL_ALPHA, type ExperimentSpec, type GuardrailSpec } from '@roofshot/contracts/resources/experiment-kinds';
import type { Tiling } from '../sums/series.ts';

export type Breach = DataOf<typeof GuardrailBreached>;

/** A guardrail with its share of the error probability. */
export type Guardrail = GuardrailSpec & { readonly alpha: number };

/** What a probation was opened with. */
export interface FrozenProbation {
  readonly model: string;
  readonly alias: string;
  readonly shadowAlias: string;
  readonly version: number;
  /** What the alias named before. */
  readonly previous: number;
  /** Of the alias: names the promotion, so that what follows from it is ordered once. */
  readonly revision: number;
  /** When the registry promoted the version, by its clock; RFC 3339. */
  readonly since: string;
  readonly guardrails: readonly Guardrail[];
  /** Event types that bring the outcomes of paired guardrails. */
  readonly outcomeTypes: readonly string[];
  readonly tiling: Tiling;
  /** Of the promotion. */
  readonly correlationId: string | null;
}

/** The tiles before which each kind of guardrail has been looked at. */
export interface Looked {
  readonly served: number;
  readonly paired: number;
}

export interface Probation {
  readonly scope: number;
  readonly experiment: string;
  readonly deployment: string;
  readonly state: 'open' | 'breached' | 'superseded' | 'rolled-back';
  readonly frozen: FrozenProbation;
  readonly looked: Looked;
  readonly breach: Breach | null;
}

/** A look at each minute of event time: soon enough for a machine to act, and the same looks on every machine. */
export const PROBATION_TILING: Tiling = { origin: 0, width: 60_000 };

/** Orders that follow from a probation: equal however often they are said, other than those of every other probation. */
export const orderId = ({ model, alias, revision }: Pick<FrozenProbation, 'model' | 'alias' | 'revision'>, order: string): string =>
  `probation/${model}/${alias}/${revision}/${order}`;

/** Guardrails without an alpha of their own share one, so that all of them together alarm falsely with that probability at most. */
export function guardrailsOf({ guardrails }: NonNullable<ExperimentSpec['probation']>): Guardrail[] {
  return guardrails.map((guardrail) => ({ ...guardrail, alpha: guardrail.alpha ?? GUARDRAIL_ALPHA / guardrails.length }));
}
