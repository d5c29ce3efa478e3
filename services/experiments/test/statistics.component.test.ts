import { Lab } from './lab.ts';

interface MethodSaid {
  readonly method: string;
  readonly formula: string;
  readonly example: { readonly input: object; readonly options: object; readonly result: object };
}
interface Answered {
  readonly method: string;
  readonly version: string;
  readonly result: Record<string, number | readonly (number | null)[] | boolean>;
}
interface Problem {
  readonly code: string;
  readonly detail: string;
  readonly reason?: string;
  readonly faults?: readonly { readonly path: string }[];
}

describe('the statistics door', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await Lab.start();
  });
  afterAll(() => lab.close());

  const ask = <T = Answered>(method: string, input: object, options?: object): Promise<{ status: number; body: T }> =>
    lab.call<T>('POST', '/v1/statistics', { method, input, ...(options !== undefined && { options }) });
  const arms = (control: object, treatment: object): object => ({ strata: [{ control, treatment }] });
  const mean = { type: 'mean', n: 12, sum: 37.964619584783264, sumSquares: 160.59288488134717 };
  const other = { type: 'mean', n: 9, sum: 41.5981494359456, sumSquares: 363.4037067936573 };

  test('lists its methods, and each example gives what the list says', async () => {
    const { body } = await lab.call<{ methods: MethodSaid[] }>('GET', '/v1/statistics');
    expect(body.methods.map(({ method }) => method)).toEqual(
      expect.arrayContaining(['welch_mean', 'sequential_mean_cuped', 'msprt_mean', 'srm_chi2', 'bernoulli_confidence_sequence']),
    );
    for (const { method, example, formula } of body.methods) {
      expect(formula).not.toBe('');
      const { status, body: answer } = await ask(method, example.input, example.options);
      expect([method, status]).toEqual([method, 200]);
      expect(answer.result).toEqual(example.result);
    }
  });

  test('agrees with scipy and gbstats', async () => {
    const welch = (await ask('welch_mean', arms(mean, other))).body.result;
    expect(welch['effect']).toBeCloseTo(0.4609444228478, 12);
    expect(welch['ci']).toEqual([expect.closeTo(-0.7640392502508203, 9), expect.closeTo(1.6859280959464202, 9)]);
    const sequence = (await ask('sequential_mean', arms(mean, other), { tuningParameter: 700 })).body.result;
    expect(sequence['ci']).toEqual([expect.closeTo(-2.6652178646394047, 9), expect.closeTo(3.5871067103350045, 9)]);
    const split = (await ask('srm_chi2', { observed: [13703, 13533], weights: [0.5, 0.5] })).body.result;
    expect(split['pValue']).toBeCloseTo(0.3029654349887378, 12);
    const exact = (await ask('srm_binomial_exact', { observed: [13703, 13533], weights: [0.5, 0.5] })).body.result;
    expect(exact['pValue']).toBeCloseTo(0.3058184028937533, 9);
    const bounds = (await ask('group_sequential_bounds', { informationFractions: [0.5, 1] }, { alpha: 0.05 })).body.result;
    expect(bounds['z']).toEqual([expect.closeTo(2.2414027276049455, 6), expect.closeTo(1.6996994725373977, 6)]);
  });

  test('puts strata together', async () => {
    const half = { type: 'mean', n: 6, sum: mean.sum / 2, sumSquares: mean.sumSquares / 2 };
    const whole = (await ask('welch_mean', arms({ ...mean, n: 12 }, { ...mean, n: 12, sum: mean.sum * 1.1, sumSquares: 200 }))).body.result;
    const rest = { type: 'mean', n: 6, sum: (mean.sum * 1.1) / 2, sumSquares: 100 };
    const parts = (
      await ask('welch_mean', {
        strata: [
          { control: half, treatment: rest },
          { control: half, treatment: rest },
        ],
      })
    ).body.result;
    expect(parts['effect']).toBeCloseTo(whole['effect'] as number, 12);
  });

  test('takes rows as well, and says the same as of their moments', async () => {
    const values = { a: [1, 2, 4, 7, 9.5], b: [2, 3, 3, 8] };
    const rows = Object.entries(values).flatMap(([arm, ys]) => ys.map((y, index) => ({ arm, y, x: y + (index % 2), hit: y > 3 })));
    const columns = { rows: [...rows, { arm: 'other', y: 'none' }], variant: 'arm', control: 'a', treatment: 'b' };
    const sums = (ys: readonly number[]): object => ({
      n: ys.length,
      sum: ys.reduce((sum, y) => sum + y, 0),
      sumSquares: ys.reduce((sum, y) => sum + y * y, 0),
    });
    const [fromRows, fromSums] = [
      (await ask('welch_mean', { ...columns, metric: 'y' })).body.result,
      (await ask('welch_mean', arms(sums(values.a), sums(values.b)))).body.result,
    ];
    expect(fromRows['pValue']).toBeCloseTo(fromSums['pValue'] as number, 12);
    const share = (await ask('welch_proportion', { ...columns, metric: 'hit' })).body.result;
    expect(share['effect']).toBeCloseTo(0.25 / 0.6 - 1, 12);
    expect((await ask('sequential_mean_cuped', { ...columns, metric: 'y', covariate: 'x' })).body.result['theta']).toBeGreaterThan(0.9);
    const faulty = await ask<Problem>('welch_mean', { ...columns, treatment: 'other', metric: 'y' });
    expect([faulty.status, faulty.body.faults?.[0]?.path]).toEqual([400, '/input/rows/9/y']);
    expect((await ask('welch_proportion', { ...columns, metric: 'y' })).status).toBe(400);
    expect((await ask('welch_mean_cuped', { ...columns, metric: 'y' })).status).toBe(400);
  });

  test('has every digit of rows that are far from zero', async () => {
    // Multiples of 2^-10 around 1e9, so that sums and squares of the distances are exact.
    const distances = { a: [0, 3, -2, 5, 1], b: [1, 2, 4, -1, 2] };
    const rows = (offset: number): object[] =>
      Object.entries(distances).flatMap(([arm, ds]) => ds.map((d, i) => ({ arm, y: offset + d / 1024, x: offset + (d + (i % 3)) / 1024 })));
    const columns = { variant: 'arm', control: 'a', treatment: 'b', metric: 'y', covariate: 'x' };
    for (const method of ['welch_mean', 'sequential_mean', 'welch_mean_cuped', 'sequential_mean_cuped']) {
      const of = async (offset: number): Promise<Answered['result']> =>
        (await ask(method, { ...columns, rows: rows(offset) }, { differenceType: 'absolute' })).body.result;
      const [far, near] = [await of(1e9), await of(0)];
      const names = ['effect', 'stdError', 'theta'].filter((name) => name in near);
      const ratios = names.map((name) => [method, name, (far[name] as number) / (near[name] as number)]);
      expect(ratios).toEqual(names.map((name) => [method, name, expect.closeTo(1, 12)]));
    }
  });

  test('has no answer where there is none, and says why', async () => {
    const equal = { type: 'mean', n: 5, sum: 5, sumSquares: 5 };
    const cases: [string, object, string][] = [
      ['welch_mean', arms(equal, equal), 'zero-variance'],
      ['welch_mean', arms({ n: 10, sum: -10, sumSquares: 30 }, mean), 'baseline-not-positive'],
      ['welch_mean', arms({ n: 1, sum: 1, sumSquares: 1 }, mean), 'too-few-units'],
      ['welch_mean', arms({ n: 10, sum: 100, sumSquares: 1 }, mean), 'impossible-moments'],
      ['welch_proportion', arms({ n: 10, sum: 11 }, { n: 10, sum: 1 }), 'impossible-moments'],
      ['srm_chi2', { observed: [0, 0], weights: [1, 1] }, 'too-few-units'],
    ];
    for (const [method, input, reason] of cases) {
      const { status, body } = await ask<Problem>(method, input);
      expect([status, body.code, body.reason]).toEqual([422, 'no-answer', reason]);
      expect(body.detail.length).toBeGreaterThan(20);
    }
  });

  test('refuses what is asked wrongly, with the place', async () => {
    const shape = await ask<Problem>('welch_mean', arms(mean, { ...other, sumSqares: 1 }));
    expect(shape.status).toBe(400);
    expect(shape.body.faults?.[0]?.path).toBe('/input/strata/0/treatment/sumSqares');
    const option = await ask<Problem>('welch_mean', arms(mean, other), { alfa: 0.1 });
    expect(option.body.faults?.[0]?.path).toBe('/options/alfa');
    const combination = await ask<Problem>('welch_mean', arms(mean, other), { logScale: true, differenceType: 'absolute' });
    expect([combination.status, combination.body.reason]).toEqual([400, 'invalid-option']);
    const unknown = await ask<Problem>('welch_men', arms(mean, other));
    expect(unknown.status).toBe(400);
    expect(unknown.body.detail).toContain('welch_mean');
    const several = {
      strata: [
        { control: mean, treatment: other },
        { control: mean, treatment: other },
      ],
    };
    expect((await ask('welch_mean', several, { postStratify: true })).status).toBe(400);
  });
});
