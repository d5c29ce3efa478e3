/** Comparisons of a treatment with a control, for one look (`welch_`) or for any number of looks (`sequential_`). */
import { Closed } from '@roofshot/contracts/define';
import { adjustForCovariate } from '@roofshot/statistics/cuped';
import { meanArm, proportionArm, type Arm } from '@roofshot/statistics/effect';
import { testMsprt } from '@roofshot/statistics/msprt';
import { testSequentially } from '@roofshot/statistics/sequential';
import { testWelch } from '@roofshot/statistics/welch';
import { Type, type Static, type TArray, type TObject, type TSchema } from 'typebox';
import { fail } from '../errors.ts';
import { CupedSums, cupedArms, meanArms, MeanSums, proportionArms, ProportionSums, readPart, strataOf } from './inputs.ts';
import type { Method } from './method.ts';
import { countsOfRows, isRows, meansOfRows, pairsOfRows, RowsInput } from './rows.ts';

const shared = {
  alpha: Type.Optional(Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1 })),
  differenceType: Type.Optional(Type.Union([Type.Literal('relative'), Type.Literal('absolute')])),
  logScale: Type.Optional(Type.Boolean()),
  postStratify: Type.Optional(Type.Boolean()),
};
const side = Type.Optional(Type.Union([Type.Literal('two-sided'), Type.Literal('less'), Type.Literal('greater')]));
const previousPValue = Type.Optional(Type.Number({ minimum: 0, maximum: 1 }));
const positive = Type.Number({ exclusiveMinimum: 0 });
const WelchOptions = Closed({ ...shared, side });
const SequentialOptions = Closed({
  ...shared,
  side,
  tuningParameter: Type.Optional(positive),
  rho: Type.Optional(positive),
  previousPValue,
});
const MsprtOptions = Closed({ ...shared, tau2: positive, previousPValue });

interface TwoArms {
  readonly control: Arm;
  readonly treatment: Arm;
  /** Of a covariate. */
  readonly adjustment?: { readonly theta: number; readonly varianceReduction: number };
}

/** A kind of metric: its moments, and the arms that they make. */
interface MetricKind {
  readonly name: string;
  readonly what: string;
  readonly example: Readonly<Record<string, unknown>>;
  readonly read: (input: unknown, options: Stratifying) => TwoArms;
}

const MeanInput = strataOf(MeanSums);
const ProportionInput = strataOf(ProportionSums);
const CupedInput = strataOf(CupedSums);

type Stratifying = { readonly postStratify?: boolean };

function readMeans(input: unknown, options: Stratifying): TwoArms {
  const { control, treatment } = isRows(input)
    ? meansOfRows(readPart(RowsInput, input, '/input'))
    : meanArms(readStrata(MeanInput, input, options));
  return { control: meanArm(control), treatment: meanArm(treatment) };
}

function readProportions(input: unknown, options: Stratifying): TwoArms {
  const { control, treatment } = isRows(input)
    ? countsOfRows(readPart(RowsInput, input, '/input'))
    : proportionArms(readStrata(ProportionInput, input, options));
  return { control: proportionArm(control), treatment: proportionArm(treatment) };
}

function readCuped(input: unknown, options: Stratifying): TwoArms {
  const strata = isRows(input) ? [] : readStrata(CupedInput, input, options);
  const pairs = isRows(input) ? pairsOfRows(readPart(RowsInput, input, '/input')) : cupedArms(strata);
  const theta = strata[0]?.control.theta ?? strata[0]?.treatment.theta ?? null;
  const { control, treatment, ...adjustment } = adjustForCovariate(pairs.control, pairs.treatment, { theta });
  return { control, treatment, adjustment };
}

function readStrata<S extends TSchema>(schema: TObject<{ strata: TArray<S> }>, input: unknown, options: Stratifying): Static<S>[] {
  const { strata } = readPart(schema, input, '/input') as { strata: Static<S>[] };
  refusePostStratification(strata.length, options);
  return strata;
}

function refusePostStratification(strata: number, { postStratify }: Stratifying): void {
  if (postStratify !== true || strata === 1) return;
  throw fail(
    'invalid',
    'Post-stratification of several strata is not offered by this version. Leave postStratify out: then the strata are put together.',
    {
      faults: [{ path: '/options/postStratify', message: 'must be false where there are several strata' }],
    },
  );
}

const mean = { n: 100, sum: 250, sumSquares: 900 };
const better = { n: 110, sum: 240, sumSquares: 800 };
const covariate = (n: number): object => ({ type: 'mean', n, sum: n, sumSquares: 1.5 * n });

const KINDS: readonly MetricKind[] = [
  { name: 'mean', what: 'the mean of a value per unit', example: { strata: [{ control: mean, treatment: better }] }, read: readMeans },
  { name: 'count', what: 'the mean of a count per unit', example: { strata: [{ control: mean, treatment: better }] }, read: readMeans },
  {
    name: 'proportion',
    what: 'the share of units, with variance p(1 − p)',
    example: { strata: [{ control: { n: 1000, sum: 200 }, treatment: { n: 1010, sum: 240 } }] },
    read: readProportions,
  },
  {
    name: 'retention',
    what: 'the share of units that came again, with variance p(1 − p)',
    example: { strata: [{ control: { n: 1000, sum: 200 }, treatment: { n: 1010, sum: 240 } }] },
    read: readProportions,
  },
  {
    name: 'mean_cuped',
    what: 'the mean of a value per unit, adjusted for a covariate known before: y − θ(x − mean of x), θ = cov(y, x)/var(x) of both arms as one sample (Deng et al. 2013)',
    example: {
      strata: [
        {
          control: { n: 100, post: { ...mean, type: 'mean' }, pre: covariate(100), sumProducts: 270, theta: null },
          treatment: { n: 110, post: { ...better, type: 'mean' }, pre: covariate(110), sumProducts: 262, theta: null },
        },
      ],
    },
    read: readCuped,
  },
];

const DIFFERENCE =
  'absolute: treatment − control; relative (default): that over |control mean| with a delta-method variance; logScale: of ln(treatment/control).';

const welch = ({ name, what, example, read }: MetricKind): Method => ({
  method: `welch_${name}`,
  summary: `Welch's test of ${what}, for one look chosen beforehand.`,
  formula: `se² = v1/n1 + v0/n0, t with Satterthwaite's degrees of freedom. ${DIFFERENCE}`,
  assumptions: 'Independent units; means nearly normal (some dozens of units an arm); looked at once.',
  reference: 'Welch 1947; compared with scipy.stats and gbstats.',
  example: { input: example, options: { differenceType: 'absolute' } },
  run: (input, options) => {
    const { postStratify, ...chosen } = readPart(WelchOptions, options, '/options');
    const { control, treatment, adjustment } = read(input, { ...(postStratify !== undefined && { postStratify }) });
    return { ...testWelch(control, treatment, chosen), ...adjustment };
  },
});

const sequential = ({ name, what, example, read }: MetricKind): Method => ({
  method: `sequential_${name}`,
  summary: `A comparison of ${what} that may be looked at any number of times.`,
  formula: `Asymptotic confidence sequence: half-width se·sqrt(2(v+1)/v·ln(sqrt(v+1)/α)), v = nρ², ρ = sqrt((−2 ln α + ln(−2 ln α + 1))/tuningParameter). ${DIFFERENCE}`,
  assumptions: 'Independent units; some dozens of units an arm before the first look; tuningParameter or rho fixed before it.',
  reference: 'Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas 2021; compared with gbstats.',
  example: { input: example, options: { differenceType: 'absolute', tuningParameter: 5000 } },
  run: (input, options) => {
    const { postStratify, ...chosen } = readPart(SequentialOptions, options, '/options');
    const { control, treatment, adjustment } = read(input, { ...(postStratify !== undefined && { postStratify }) });
    return { ...testSequentially(control, treatment, chosen), ...adjustment };
  },
});

const msprt: Method = {
  method: 'msprt_mean',
  summary: 'The mixture sequential probability ratio test of a mean per unit, two-sided.',
  formula: 'Λ = sqrt(V/(V+τ²))·exp(d²τ²/(2V(V+τ²))), V = se²; p = min(1, 1/Λ), running with previousPValue.',
  assumptions: 'As sequential_mean; tau2, the square of an effect worth finding, fixed before the first look.',
  reference: 'Johari, Pekelis & Walsh 2017.',
  example: { input: { strata: [{ control: mean, treatment: better }] }, options: { differenceType: 'absolute', tau2: 0.04 } },
  run: (input, options) => {
    const { postStratify, ...chosen }: Static<typeof MsprtOptions> = readPart(MsprtOptions, options, '/options');
    const { control, treatment } = readMeans(input, { ...(postStratify !== undefined && { postStratify }) });
    return { ...testMsprt(control, treatment, chosen) };
  },
};

export const TWO_ARM_METHODS: readonly Method[] = [...KINDS.map(welch), ...KINDS.map(sequential), msprt];
