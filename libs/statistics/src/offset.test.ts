/** Rows far from zero: 300 units an arm at an offset of a thousand million, against exact rational arithmetic on the same doubles. */
import { adjustForCovariate } from './cuped.ts';
import { meanArm } from './effect.ts';
import {
  addPair,
  addValue,
  mergeMoments,
  mergePairMoments,
  NO_MOMENTS,
  NO_PAIR_MOMENTS,
  type Moments,
  type PairMoments,
} from './moments.ts';
import { testMsprt } from './msprt.ts';
import { testPairedSequentially } from './paired.ts';
import { testSequentially } from './sequential.ts';
import { testWelch } from './welch.ts';
import { relativeError, uniformSource } from '../test/vectors.ts';

const OFFSET = 1e9;
const UNITS = 300;
/** Doubles of this size are whole multiples of 2^-60, so these are exact. */
const SCALE = 2 ** 60;
const exactly = (value: number): bigint => BigInt(value * SCALE);
const sum = (values: readonly bigint[]): bigint => values.reduce((a, b) => a + b, 0n);
/** A quotient of whole numbers, with some 40 digits before it is rounded. */
const quotient = (a: bigint, b: bigint): number => Number((a << 160n) / b) / 2 ** 160;

/** Sums of squares and products about the mean, times n and the square of the scale. */
const spread = (x: readonly bigint[], y: readonly bigint[]): bigint =>
  BigInt(x.length) * sum(x.map((value, index) => value * (y[index] as bigint))) - sum(x) * sum(y);

function normal(uniform: () => number): number {
  return Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

interface Rows {
  readonly y: readonly number[];
  readonly x: readonly number[];
}

function rowsOf(seed: number, deviation: number): Rows {
  const uniform = uniformSource(seed);
  const x = Array.from({ length: UNITS }, () => OFFSET + deviation * normal(uniform));
  return { x, y: x.map((value) => value + deviation * normal(uniform)) };
}

const meansOf = ({ y }: Rows): Moments => y.reduce(addValue, NO_MOMENTS);
const pairsOf = ({ x, y }: Rows): PairMoments => y.reduce((moments, value, i) => addPair(moments, value, x[i] ?? NaN), NO_PAIR_MOMENTS);
/** The same in five shards, put together. */
const inShards = ({ x, y }: Rows, shard: number): Rows => ({
  y: y.filter((_value, index) => index % 5 === shard),
  x: x.filter((_value, index) => index % 5 === shard),
});
const shardsOf = (rows: Rows): Rows[] => [0, 1, 2, 3, 4].map((shard) => inShards(rows, shard));

const difference = (a: readonly bigint[], b: readonly bigint[]): number => quotient(sum(b) - sum(a), BigInt(UNITS) * BigInt(SCALE));

/** Of y - theta x; with theta 0 the plain effect. */
function expected(control: Rows, treatment: Rows): { effect: number; stdError: number } {
  const [c, t] = [control.y.map(exactly), treatment.y.map(exactly)];
  const n = BigInt(UNITS);
  const variance = quotient(spread(c, c) + spread(t, t), n * n * (n - 1n) * BigInt(SCALE) ** 2n);
  return { effect: difference(c, t), stdError: Math.sqrt(variance) };
}

/** As `expected`, of y - theta x with theta of both arms together. */
function expectedAdjusted(control: Rows, treatment: Rows): { effect: number; stdError: number; theta: number } {
  const [cy, ty, cx, tx] = [control.y, treatment.y, control.x, treatment.x].map((values) => values.map(exactly)) as [
    bigint[],
    bigint[],
    bigint[],
    bigint[],
  ];
  const [x, y] = [
    [...cx, ...tx],
    [...cy, ...ty],
  ];
  const [over, under] = [spread(x, y), spread(x, x)];
  // Whole numbers throughout: (y - theta x) times `under`.
  const [c, t] = [
    [cy, cx],
    [ty, tx],
  ].map(([ys = [], xs = []]) => ys.map((value, index) => value * under - over * (xs[index] as bigint))) as [bigint[], bigint[]];
  const n = BigInt(UNITS);
  const scale = BigInt(SCALE) * under;
  const variance = quotient(spread(c, c) + spread(t, t), n * n * (n - 1n) * scale * scale);
  return { effect: quotient(sum(t) - sum(c), n * scale), stdError: Math.sqrt(variance), theta: quotient(over, under) };
}

describe.each([1e-3, 1])('rows of 1e9 + N(0, %d)', (deviation) => {
  const [control, treatment] = [rowsOf(5, deviation), rowsOf(17, deviation)];
  const absolute = { differenceType: 'absolute' } as const;
  const agree = (actual: Readonly<Record<string, number>>, wanted: Readonly<Record<string, number>>): void => {
    for (const [name, value] of Object.entries(wanted))
      expect([name, relativeError(actual[name] ?? NaN, value) < 1e-9]).toEqual([name, true]);
  };
  const parts = ({ effect, stdError }: { effect: number; stdError: number }) => ({ effect, stdError });

  test('every test of two means has the effect and its error to 1e-9', () => {
    const wanted = expected(control, treatment);
    const arms = [meanArm(meansOf(control)), meanArm(meansOf(treatment))] as const;
    agree(parts(testWelch(...arms, absolute)), wanted);
    // A relative effect is that over the control's mean, which rounds at 1e-16 of itself.
    expect(relativeError(testWelch(...arms).effect * arms[0].observedMean, wanted.effect)).toBeLessThan(1e-9);
    agree({ effect: testSequentially(...arms, absolute).effect }, { effect: wanted.effect });
    agree({ effect: testMsprt(...arms, { ...absolute, tau2: 1 }).effect }, { effect: wanted.effect });
  });

  test('shards put together have them too', () => {
    const whole = (rows: Rows): Moments => shardsOf(rows).map(meansOf).reduce(mergeMoments);
    agree(parts(testWelch(meanArm(whole(control)), meanArm(whole(treatment)), absolute)), expected(control, treatment));
  });

  test.each(['in one', 'in shards'])('CUPED has theta, the effect and its error to 1e-9, %s', (how) => {
    const pairs = (rows: Rows): PairMoments => (how === 'in one' ? pairsOf(rows) : shardsOf(rows).map(pairsOf).reduce(mergePairMoments));
    const { theta, ...arms } = adjustForCovariate(pairs(control), pairs(treatment));
    agree({ theta, ...parts(testWelch(arms.control, arms.treatment, absolute)) }, expectedAdjusted(control, treatment));
  });

  test('a paired test of differences at such an offset has their mean', () => {
    const { effect } = testPairedSequentially(meansOf(treatment));
    expect(relativeError(effect, quotient(sum(treatment.y.map(exactly)), BigInt(UNITS) * BigInt(SCALE)))).toBeLessThan(1e-15);
  });
});
