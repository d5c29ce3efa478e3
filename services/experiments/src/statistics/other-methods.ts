/** Checks of a split, bounds on a share, and boundaries of planned looks. */
import { Closed } from '@roofshot/contracts/define';
import { boundShare } from '@roofshot/statistics/bernoulli';
import { groupSequentialBounds } from '@roofshot/statistics/group-sequential';
import { testSrm, testSrmExact } from '@roofshot/statistics/srm';
import { Type } from 'typebox';
import { readPart } from './inputs.ts';
import type { Method } from './method.ts';

const alpha = Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1 });
const Count = Type.Integer({ minimum: 0 });

const SplitInput = Closed({
  observed: Type.Array(Count, { minItems: 2 }),
  weights: Type.Array(Type.Number({ minimum: 0 }), { minItems: 2 }),
});
const SplitOptions = Closed({ alpha: Type.Optional(alpha) });
const ShareInput = Closed({
  successes: Count,
  n: Count,
  alpha: Type.Optional(alpha),
  tOpt: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
});
const ShareOptions = Closed({
  side: Type.Optional(Type.Union([Type.Literal('two-sided'), Type.Literal('less'), Type.Literal('greater')])),
});
const BoundsInput = Closed({
  informationFractions: Type.Array(Type.Number({ exclusiveMinimum: 0, maximum: 1 }), { minItems: 1, maxItems: 100 }),
});
const BoundsOptions = Closed({
  alpha: Type.Optional(alpha),
  sides: Type.Optional(Type.Union([Type.Literal(1), Type.Literal(2)])),
  spending: Type.Optional(Type.Union([Type.Literal('power_family'), Type.Literal('obrien_fleming'), Type.Literal('pocock')])),
  phi: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
});

const splitMethod = (method: string, details: Pick<Method, 'summary' | 'formula' | 'reference'>, test: typeof testSrm): Method => ({
  method,
  ...details,
  assumptions: 'Units assigned independently; alarm below 0.001 unless alpha says otherwise.',
  example: { input: { observed: [13703, 13533], weights: [0.5, 0.5] }, options: {} },
  run: (input, options) => {
    const { alpha: level } = readPart(SplitOptions, options, '/options');
    return { ...test(readPart(SplitInput, input, '/input'), level) };
  },
});

export const OTHER_METHODS: readonly Method[] = [
  splitMethod(
    'srm_chi2',
    {
      summary: 'Do the units split as configured?',
      formula: "Pearson's chi-square of the counts against the configured weights.",
      reference: 'Fabijan et al. 2019; compared with scipy.stats.chisquare.',
    },
    testSrm,
  ),
  splitMethod(
    'srm_binomial_exact',
    {
      summary: 'Do the units of two arms split as configured, exactly?',
      formula: 'The probability of all splits that are no more probable than the observed one.',
      reference: 'Compared with scipy.stats.binomtest.',
    },
    testSrmExact,
  ),
  {
    method: 'bernoulli_confidence_sequence',
    summary: 'An interval for a share that holds at every number of trials and every look.',
    formula: 'Beta-binomial mixture, weighed so that it is tightest near tOpt trials.',
    assumptions: 'Independent trials of one probability; tOpt fixed before the first look.',
    reference: 'Robbins 1970; Howard, Ramdas, McAuliffe & Sekhon 2021.',
    example: { input: { successes: 30, n: 400, alpha: 0.05, tOpt: 1000 }, options: { side: 'two-sided' } },
    run: (input, options) => {
      const { successes, n, ...chosen } = readPart(ShareInput, input, '/input');
      return { ...boundShare({ successes, n }, { ...chosen, ...readPart(ShareOptions, options, '/options') }) };
    },
  },
  {
    method: 'group_sequential_bounds',
    summary: 'Critical z values for looks that are planned at these shares of the information.',
    formula: 'Lan–DeMets spending (power family αt^phi, O’Brien–Fleming or Pocock), by recursive integration.',
    assumptions: 'Independent increments; alpha is total, two sides spend it on |Z|.',
    reference: 'Lan & DeMets 1983.',
    example: { input: { informationFractions: [0.25, 0.5, 0.75, 1] }, options: { alpha: 0.05, sides: 2, spending: 'obrien_fleming' } },
    run: (input, options) => ({
      z: groupSequentialBounds(readPart(BoundsInput, input, '/input').informationFractions, readPart(BoundsOptions, options, '/options')),
    }),
  },
];
