import { GrowthBook } from '@growthbook/growthbook';
import { AllocationError, assign, compileAllocation, type Allocation, type Assigned } from './allocation.ts';

const HALVES: Allocation = {
  experiment: 'cheaper-warnings',
  configVersion: 3,
  phase: 1,
  state: 'running',
  seed: 'exp-1',
  hashVersion: 2,
  coverage: 1,
  variants: [
    { name: 'control', weight: 0.5 },
    { name: 'treatment', weight: 0.5 },
  ],
};
const UNITS = Array.from({ length: 20_000 }, (_, i) => `flight-${i}`);

/** xorshift32: the same cases on every machine. */
function uniformSource(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4294967296;
  };
}

/** A unit of any characters: letters, digits, accents, Chinese, emoji (two code units) and halves of them. */
function anyUnit(uniform: () => number): string {
  const starts = [0x30, 0x61, 0xe0, 0x4e00, 0x1f600, 0xd800];
  const length = 1 + Math.floor(uniform() * 12);
  return Array.from({ length }, () => {
    const code = starts[Math.floor(uniform() * starts.length)]! + Math.floor(uniform() * 26);
    return code === 0xd800 ? String.fromCharCode(code) : String.fromCodePoint(code);
  }).join('');
}

function anyWeights(uniform: () => number): number[] {
  const raw = Array.from({ length: 2 + Math.floor(uniform() * 4) }, () => (uniform() < 0.1 ? 0 : uniform() + 0.01));
  const total = raw.reduce((sum, weight) => sum + weight, 0) || 1;
  // Rounded as people write them, which leaves sums a little off 1.
  const weights = raw.map((weight) => (uniform() < 0.5 ? weight / total : Math.round((1000 * weight) / total) / 1000));
  return Math.abs(weights.reduce((sum, weight) => sum + weight, 0) - 1) < 0.009 ? weights : [0.3, 0.7];
}

function anyAllocation(uniform: () => number): Allocation {
  return {
    ...HALVES,
    experiment: `experiment-${Math.floor(uniform() * 100)}`,
    seed: uniform() < 0.1 ? '' : anyUnit(uniform),
    hashVersion: uniform() < 0.5 ? 1 : 2,
    coverage: uniform() < 0.3 ? 1 : Math.round(uniform() * 1000) / 1000,
    variants: anyWeights(uniform).map((weight, i) => ({ name: `v${i}`, weight })),
  };
}

/** What the real SDK says, in our words. */
function growthBookSays(document: Allocation, unit: string): unknown {
  const { experiment, seed, hashVersion, coverage, variants } = document;
  const weights = variants.map((variant) => variant.weight);
  const variations = variants.map((variant) => variant.name) as [string, string, ...string[]];
  const sdk = new GrowthBook({ attributes: { id: unit } });
  const result = sdk.run({
    key: experiment,
    variations,
    weights,
    coverage,
    seed,
    hashVersion,
  });
  return result.inExperiment ? { variant: result.value, index: result.variationId, bucket: result.bucket } : 'not in';
}

function weSay(document: Allocation, unit: string): unknown {
  const result = assign(document, unit);
  return result.inExperiment ? { variant: result.variant, index: result.index, bucket: result.bucket } : 'not in';
}

describe('assignment against the real GrowthBook SDK', () => {
  test('12,000 cases of weights, coverage, seeds, unicode units and both hash versions agree to the bit', () => {
    const uniform = uniformSource(20_010_115);
    const cases = Array.from({ length: 12_000 }, () => ({ document: anyAllocation(uniform), unit: anyUnit(uniform) }));
    const theirs = cases.map(({ document, unit }) => growthBookSays(document, unit));
    expect(cases.map(({ document, unit }) => weSay(document, unit))).toEqual(theirs);
    const notIn = theirs.filter((answer) => answer === 'not in').length;
    expect([notIn > 2000, notIn < 8000]).toEqual([true, true]);
  });

  test('a stopped experiment and an empty unit assign nothing there and here', () => {
    const stopped: Allocation = { ...HALVES, state: 'stopped' };
    expect(assign(stopped, 'flight-1')).toEqual({
      experiment: 'cheaper-warnings',
      configVersion: 3,
      phase: 1,
      inExperiment: false,
      reason: 'stopped',
      bucket: null,
    });
    expect(assign(HALVES, '')).toMatchObject({ inExperiment: false, reason: 'no-unit', bucket: null });
    expect(growthBookSays(HALVES, '')).toBe('not in');
  });
});

describe('an assignment', () => {
  test('says by which configuration and with what probability it was made', () => {
    const weighted = {
      ...HALVES,
      variants: [
        { name: 'control', weight: 0.9 },
        { name: 'treatment', weight: 0.1, serves: 'challenger' },
      ],
    };
    const treated = UNITS.map((unit) => assign(weighted, unit)).find(
      (one): one is Assigned => one.inExperiment && one.variant === 'treatment',
    );
    expect(treated).toMatchObject({ experiment: 'cheaper-warnings', configVersion: 3, phase: 1, propensity: 0.1, index: 1 });
    expect(treated!.bucket).toBeGreaterThanOrEqual(0.9);
    expect(weighted.variants[treated!.index]!.serves).toBe('challenger');
  });

  test('propensities are what happens, with partial coverage and weights a little off 1 too', () => {
    const weights = [0.2, 0.5, 0.295];
    const document = { ...HALVES, coverage: 0.4, variants: weights.map((weight, i) => ({ name: `v${i}`, weight })) };
    const assigned = UNITS.map((unit) => assign(document, unit)).filter((one): one is Assigned => one.inExperiment);
    expect(Math.abs(assigned.length / UNITS.length - 0.4 * 0.995)).toBeLessThan(0.011);
    const propensities = weights.map((_, index) => assigned.find((one) => one.index === index)!.propensity);
    expect(propensities.reduce((sum, propensity) => sum + propensity, 0)).toBeCloseTo(1, 12);
    propensities.forEach((propensity, index) => {
      const share = assigned.filter((one) => one.index === index).length / assigned.length;
      expect(Math.abs(share - propensity)).toBeLessThan(0.017);
    });
  });

  test('units outside the coverage are told so, and raising it moves nobody', () => {
    const some = { ...HALVES, coverage: 0.2 };
    const more = { ...HALVES, coverage: 0.7 };
    const outside = UNITS.filter((unit) => !assign(some, unit).inExperiment);
    expect(assign(some, outside[0]!)).toMatchObject({ reason: 'not-covered', bucket: expect.any(Number) });
    const moved = UNITS.map((unit) => [assign(some, unit), assign(more, unit)] as const).filter(
      ([a, b]) => a.inExperiment && (!b.inExperiment || a.variant !== b.variant),
    );
    expect(moved).toEqual([]);
  });

  test('a variant of weight 0 gets nobody', () => {
    const killed = {
      ...HALVES,
      variants: [
        { name: 'control', weight: 1 },
        { name: 'treatment', weight: 0 },
      ],
    };
    expect(new Set(UNITS.map((unit) => (assign(killed, unit) as Assigned).variant))).toEqual(new Set(['control']));
  });

  test('a compiled allocation answers as the document does', () => {
    const compiled = compileAllocation(HALVES);
    expect(UNITS.slice(0, 1000).map((unit) => compiled.assign(unit))).toEqual(UNITS.slice(0, 1000).map((unit) => assign(HALVES, unit)));
  });
});

describe('a document that contradicts itself is refused by name and with the remedy', () => {
  const [control, treatment] = HALVES.variants as [Allocation['variants'][0], Allocation['variants'][0]];
  test.each<[string, Partial<Record<keyof Allocation, unknown>>]>([
    ['its hash version is 3; there are 1 and 2.', { hashVersion: 3 }],
    ['its coverage is 1.2; it lies between 0 and 1.', { coverage: 1.2 }],
    ['it has 1 variants; an experiment compares at least 2.', { variants: [control] }],
    ['two of its variants are named control; give each its own name.', { variants: [control, control] }],
    ['the weight of treatment is -0.5; it lies between 0 and 1.', { variants: [control, { ...treatment, weight: -0.5 }] }],
    ['its weights add up to 0.75; make them add up to 1', { variants: [control, { ...treatment, weight: 0.25 }] }],
  ])('%s', (reason, fault) => {
    const act = (): unknown => assign({ ...HALVES, ...fault } as Allocation, 'flight-1');
    expect(act).toThrow(AllocationError);
    expect(act).toThrow(`The allocation of experiment cheaper-warnings cannot be used: ${reason}`);
  });
});
