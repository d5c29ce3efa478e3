/** The shapes that statistical methods take, and their way into the library's own. */
import { Closed } from '@roofshot/contracts/define';
import { validatorOf } from '@roofshot/contracts/validate';
import {
  mergeMoments,
  mergePairMoments,
  momentsFromSums,
  pairMomentsFromSums,
  type Moments,
  type PairMoments,
} from '@roofshot/statistics/moments';
import { Type, type Static, type TSchema } from 'typebox';
import { fail } from '../errors.ts';

const Count = Type.Integer({ minimum: 0 });

export const MeanSums = Closed({
  type: Type.Optional(Type.Union([Type.Literal('mean'), Type.Literal('count')])),
  n: Count,
  sum: Type.Number(),
  sumSquares: Type.Number(),
});
export const ProportionSums = Closed({
  type: Type.Optional(Type.Union([Type.Literal('proportion'), Type.Literal('retention')])),
  n: Count,
  sum: Type.Number(),
});
export const CupedSums = Closed({
  type: Type.Optional(Type.Literal('mean_cuped')),
  n: Count,
  post: MeanSums,
  pre: MeanSums,
  sumProducts: Type.Number(),
  theta: Type.Optional(Type.Union([Type.Number(), Type.Null()])),
});
export type CupedSums = Static<typeof CupedSums>;

export const strataOf = <S extends TSchema>(sums: S) =>
  Closed({ strata: Type.Array(Closed({ control: sums, treatment: sums }), { minItems: 1, maxItems: 10_000 }) });

/** Faults as 400, with their places in the request. */
export function readPart<S extends TSchema>(schema: S, value: unknown, place: '/input' | '/options'): Static<S> {
  const validator = validatorOf(schema);
  if (validator.check(value)) return value;
  const faults = validator.faults(value).map(({ path, message }) => ({ path: `${place}${path}`, message }));
  const list = faults.map(({ path, message }) => `${path} ${message}`).join('; ');
  throw fail('invalid', `The request has another shape than the method takes: ${list}. GET /v1/statistics has an example of each.`, {
    faults,
  });
}

export interface Arms<T> {
  readonly control: T;
  readonly treatment: T;
}

/** Strata without post-stratification are put together first. */
export function pooled<S, T>(strata: readonly Arms<S>[], read: (sums: S) => T, merge: (a: T, b: T) => T): Arms<T> {
  const arm = (name: keyof Arms<S>): T => strata.map((stratum) => read(stratum[name])).reduce(merge);
  return { control: arm('control'), treatment: arm('treatment') };
}

export const meanArms = (strata: readonly Arms<Static<typeof MeanSums>>[]): Arms<Moments> => pooled(strata, momentsFromSums, mergeMoments);

export const proportionArms = (strata: readonly Arms<Static<typeof ProportionSums>>[]): Arms<{ n: number; sum: number }> =>
  pooled(
    strata,
    ({ n, sum }) => ({ n, sum }),
    (a, b) => ({ n: a.n + b.n, sum: a.sum + b.sum }),
  );

export const cupedArms = (strata: readonly Arms<CupedSums>[]): Arms<PairMoments> =>
  pooled(strata, ({ post, pre, sumProducts }) => pairMomentsFromSums(post, pre, sumProducts), mergePairMoments);
