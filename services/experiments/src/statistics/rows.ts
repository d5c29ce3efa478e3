/** Rows as a notebook has them, one per unit, into moments of each arm. */
import { Closed } from '@roofshot/contracts/define';
import { addPair, addValue, NO_MOMENTS, NO_PAIR_MOMENTS, type Moments, type PairMoments } from '@roofshot/statistics/moments';
import { Type, type Static } from 'typebox';
import { fail } from '../errors.ts';
import type { Arms } from './inputs.ts';

const Label = Type.Union([Type.String(), Type.Number(), Type.Boolean()]);
export const RowsInput = Closed({
  rows: Type.Array(Type.Record(Type.String(), Type.Unknown()), { minItems: 1 }),
  /** Columns. */
  variant: Type.String(),
  metric: Type.String(),
  covariate: Type.Optional(Type.String()),
  /** Their values in the column `variant`; rows with others are left out. */
  control: Label,
  treatment: Label,
});
type RowsInput = Static<typeof RowsInput>;

export const isRows = (input: unknown): boolean => typeof input === 'object' && input !== null && 'rows' in input;

export function meansOfRows(input: RowsInput): Arms<Moments> {
  return byArm(input, NO_MOMENTS, (moments, value) => addValue(moments, value(input.metric)));
}

/** Every value is 0 or 1, or true or false. */
export function countsOfRows(input: RowsInput): Arms<{ readonly n: number; readonly sum: number }> {
  return byArm(input, { n: 0, sum: 0 }, ({ n, sum }, value) => {
    const hit = value(input.metric);
    if (hit !== 0 && hit !== 1) throw fail('invalid', `The column ${input.metric} holds ${hit}; a share counts 0 and 1.`);
    return { n: n + 1, sum: sum + hit };
  });
}

export function pairsOfRows(input: RowsInput): Arms<PairMoments> {
  const { metric, covariate } = input;
  if (covariate === undefined) throw fail('invalid', 'The method adjusts for a covariate: name its column in input.covariate.');
  return byArm(input, NO_PAIR_MOMENTS, (moments, value) => addPair(moments, value(metric), value(covariate)));
}

type ValueOf = (column: string) => number;

function byArm<T>({ rows, variant, control, treatment }: RowsInput, nothing: T, add: (sofar: T, value: ValueOf) => T): Arms<T> {
  const arms = { control: nothing, treatment: nothing };
  rows.forEach((row, index) => {
    const label = row[variant];
    const name = label === control ? 'control' : label === treatment ? 'treatment' : undefined;
    if (name !== undefined) arms[name] = add(arms[name], (column) => numberIn(row, column, index));
  });
  return arms;
}

function numberIn(row: Readonly<Record<string, unknown>>, column: string, index: number): number {
  const value = row[column];
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  const message = value === undefined ? `has no column ${column}` : `has ${JSON.stringify(value)} in ${column}, which is no number`;
  throw fail('invalid', `Row ${index + 1} ${message}. Leave rows without a value out, or put one in.`, {
    faults: [{ path: `/input/rows/${index}/${column}`, message: 'must be a number' }],
  });
}
