/** A metric's expressions, compiled: from what was decided and what happened to a number per unit. */
import type { CloudEvent } from '@roofshot/contracts/envelope';
import type { MetricSpec } from '@roofshot/contracts/resources/experiment-kinds';
import type { Fault } from '@roofshot/contracts/validate';
import { compileExpression, ExpressionFault, type Expression, type Value, type Variables } from '@roofshot/feature-defs/expressions';
import { parseDuration } from '@roofshot/runtime/durations';
import { metrics } from './metrics.ts';
import { isCountable } from './sums/exact-sums.ts';

/** What an answer, or a shadow, decided. */
export interface Decided {
  readonly decision: string;
  readonly score: number;
}

export interface CompiledMetric {
  readonly name: string;
  readonly eventType: string;
  readonly maturityMs: number;
  readonly direction: MetricSpec['direction'];
  /** The unit that the outcome is about; null when the event does not tell. */
  readonly unitOf: (event: CloudEvent) => string | null;
  /** What of the event's data the value reads; the rest is not kept. */
  readonly project: (data: unknown) => unknown;
  /** Null: not known, as of a unit without outcome. */
  readonly valueOf: (decided: Decided, outcome: unknown) => number | null;
  readonly covariateOf: (features: unknown, context: unknown) => number | null;
}

const OUTCOME_EVENT: Variables = { data: 'any', subject: 'string' };
const VALUE: Variables = { decision: 'string', score: 'number', outcome: 'any' };
const COVARIATE: Variables = { features: 'any', context: 'any' };

/** Throws an ExpressionFault; `metricFaults` tells all of them. */
export function compileMetric(name: string, spec: MetricSpec): CompiledMetric {
  const { eventType, unit } = spec.source.outcome;
  const value = compileExpression(spec.value, VALUE);
  const covariate = spec.covariate === undefined ? undefined : compileExpression(spec.covariate, COVARIATE);
  return {
    name,
    eventType,
    maturityMs: parseDuration(spec.maturity) ?? 0,
    direction: spec.direction,
    unitOf: compileUnit(unit),
    project: projection(value),
    valueOf: ({ decision, score }, outcome) => toNumber(name, value.evaluate({ decision, score, outcome }, refused(name))),
    covariateOf: (features, context) =>
      covariate === undefined ? null : toNumber(name, covariate.evaluate({ features, context }, refused(name))),
  };
}

/** Every faulty expression, with its place in the spec. */
export function metricFaults(spec: MetricSpec): Fault[] {
  const parts: readonly [string, string | undefined, Variables][] = [
    ['/value', spec.value, VALUE],
    ['/covariate', spec.covariate, COVARIATE],
    ['/source/outcome/unit', spec.source.outcome.unit, OUTCOME_EVENT],
  ];
  return parts.flatMap(([path, text, variables]) => (text === undefined ? [] : expressionFaults(path, text, variables)));
}

function expressionFaults(path: string, text: string, variables: Variables): Fault[] {
  try {
    compileExpression(text, variables);
    return [];
  } catch (error) {
    if (!(error instanceof ExpressionFault)) throw error;
    return [{ path, message: error.message }];
  }
}

function compileUnit(text: string | undefined): CompiledMetric['unitOf'] {
  if (text === undefined) return ({ subject }) => subject ?? null;
  const expression = compileExpression(text, OUTCOME_EVENT);
  return ({ data, subject }) => {
    const value = expression.evaluate({ data, subject: subject ?? null });
    return value === null || value === '' ? null : String(value);
  };
}

/** `outcome.delay` keeps the field `delay`; a value that reads the outcome as a whole keeps all of it. */
function projection({ reads }: Expression): (data: unknown) => unknown {
  const paths = reads.filter((path) => path === 'outcome' || path.startsWith('outcome.'));
  if (paths.includes('outcome')) return (data) => data;
  const fields = [...new Set(paths.map((path) => path.split('.')[1] ?? ''))];
  return (data) => {
    if (typeof data !== 'object' || data === null) return data;
    const known = data as Readonly<Record<string, unknown>>;
    return Object.fromEntries(fields.filter((field) => Object.hasOwn(known, field)).map((field) => [field, known[field]]));
  };
}

/** A condition counts 1 where it holds: the mean is a share then. */
function toNumber(metric: string, value: Value): number | null {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'number' && isCountable(value)) return value;
  if (value !== null) metrics['values.refused'](1, { metric });
  return null;
}

const refused =
  (metric: string): (() => void) =>
  () =>
    metrics['values.refused'](1, { metric });
