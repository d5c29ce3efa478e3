import { DAY, HOUR, iso, MINUTE, MONDAY } from '../../test/lab.ts';
import { seeded } from '../../test/flights.ts';
import { phaseWith, seriesOfUnits, type UnitValue } from '../../test/phases.ts';
import type { Progress } from '../progress/read-progress.ts';
import { analyseNow, completeTile, decidePhase, isMature } from './watch-phase.ts';

const END = MONDAY + 7 * DAY;
const MATURED = END + 12 * HOUR;

const progressAt = (outcomes: number, answers: number = outcomes, exposures: number = answers): Progress => ({
  outcomes,
  answers,
  exposures,
});

/** Units spread over the week; the value of each arm is 0 or 4 with the given probability of 4. */
function units(count: number, share: Readonly<Record<string, number>>, { seed = 1, treated = 0.5 } = {}): UnitValue[] {
  const random = seeded(seed);
  return Array.from({ length: count }, (_, index) => {
    const variant = random() < treated ? 'treatment' : 'control';
    const exposedAt = MONDAY + Math.floor((index / count) * 7 * DAY);
    const y = random() < (share[variant] ?? 0) ? 4 : 0;
    return { variant, exposedAt, y, x: random(), outcomeAt: exposedAt + HOUR };
  });
}

const phase = phaseWith();
const { tiling } = phase.frozen;
const decide = (list: readonly UnitValue[], progress = progressAt(MATURED)): ReturnType<typeof decidePhase> =>
  decidePhase(phase, seriesOfUnits(tiling, list), progress);

describe('the analysis', () => {
  test('is Welch on the units that are known, as the closed form has it', () => {
    const list = units(400, { control: 0.5, treatment: 0.3 });
    const analysis = analyseNow(phase, seriesOfUnits(tiling, list), progressAt(END));
    const of = (variant: string): number[] => list.filter((unit) => unit.variant === variant).map(({ y }) => y ?? 0);
    const mean = (values: number[]): number => values.reduce((sum, y) => sum + y, 0) / values.length;
    const variance = (values: number[]): number => values.reduce((sum, y) => sum + (y - mean(values)) ** 2, 0) / (values.length - 1);
    const [control, treatment] = [of('control'), of('treatment')];
    const [v0, v1] = [variance(control) / control.length, variance(treatment) / treatment.length];
    expect(analysis.effect).toBeCloseTo(mean(treatment) - mean(control), 12);
    expect(analysis.units).toEqual({ control: control.length, treatment: treatment.length });
    // The interval's half-width over the standard error is a t quantile: near the normal one with some hundred degrees of freedom.
    const half = ((analysis.ci[1] ?? 0) - (analysis.ci[0] ?? 0)) / 2 / Math.sqrt(v0 + v1);
    expect(half).toBeGreaterThan(1.96);
    expect(half).toBeLessThan(1.97);
    expect(analysis.cuped?.varianceReduction).toBeLessThan(0.05);
    expect((analysis.sequential.ci[1] ?? 0) - (analysis.sequential.ci[0] ?? 0)).toBeGreaterThan(2 * half * Math.sqrt(v0 + v1));
  });

  test('a covariate that tells most of the outcome narrows the interval and keeps the effect', () => {
    const random = seeded(5);
    const list = Array.from({ length: 2_000 }, (_, index): UnitValue => {
      const [variant, x] = [random() < 0.5 ? 'control' : 'treatment', random()];
      return { variant, exposedAt: MONDAY + index * MINUTE, x, y: 10 * x + random() + (variant === 'treatment' ? 0.2 : 0) };
    });
    const { cuped, ci } = analyseNow(phase, seriesOfUnits(tiling, list), progressAt(END));
    expect(cuped?.theta).toBeCloseTo(10, 0);
    expect(cuped?.varianceReduction).toBeGreaterThan(0.98);
    expect(cuped?.effect).toBeCloseTo(0.2, 1);
    expect((cuped?.ci[1] ?? 0) - (cuped?.ci[0] ?? 0)).toBeLessThan(((ci[1] ?? 0) - (ci[0] ?? 0)) / 5);
  });

  test('units whose window has ended without an outcome are missing, the others immature', () => {
    const silent = (exposedAt: number): UnitValue => ({ variant: 'control', exposedAt });
    const series = seriesOfUnits(tiling, [silent(MONDAY), silent(MONDAY + 30 * MINUTE), silent(MONDAY + 3 * HOUR)]);
    const at = (time: number): [number, number] => {
      const { missing, immature } = analyseNow(phase, series, progressAt(time));
      return [missing, immature];
    };
    expect(at(MONDAY + 12 * HOUR)).toEqual([0, 3]);
    expect(at(MONDAY + 13 * HOUR)).toEqual([2, 1]);
    expect(at(MONDAY + 16 * HOUR)).toEqual([3, 0]);
  });

  test('without any error to measure against there is no interval, and the reason is told', () => {
    const list = ['control', 'treatment'].flatMap((variant) => [1, 2, 3].map((n) => ({ variant, exposedAt: MONDAY + n * HOUR, y: 1 })));
    const analysis = analyseNow(phase, seriesOfUnits(tiling, list), progressAt(END));
    expect(analysis.ci).toEqual([null, null]);
    expect(analysis.ciMethod).toMatch(/^none: All 3 units of the control have the same value/);
  });
});

describe('the decision', () => {
  const better = units(3_000, { control: 0.5, treatment: 0.4 });

  test('waits for the full stretch and its maturity, however clear the effect is', () => {
    expect(decide(better, progressAt(END))).toBeUndefined();
    expect(decide(better, progressAt(MATURED - 1))).toBeUndefined();
    expect(decide(better)?.decision).toBe('promote');
  });

  test('waits for the answers, which come to the log some moments after they left; but not for ever', () => {
    expect(isMature(phase, progressAt(MATURED, END - 1))).toBe(false);
    expect(isMature(phase, progressAt(MATURED, END, END - 1))).toBe(false);
    expect(isMature(phase, progressAt(MATURED, END))).toBe(true);
    expect(isMature(phase, progressAt(MATURED + 12 * HOUR, MONDAY))).toBe(true);
    expect(isMature(phase, { outcomes: MATURED + 12 * HOUR, answers: null, exposures: null })).toBe(true);
    expect(isMature(phase, { outcomes: null, answers: END, exposures: END })).toBe(false);
  });

  test('tells since when the boundary was crossed for good, at whatever progress it is made', () => {
    const early = analyseNow(phase, seriesOfUnits(tiling, better), progressAt(END)).significantSince;
    expect(early).not.toBeNull();
    expect(Date.parse(early ?? '')).toBeLessThan(END);
    expect(decide(better)?.analysis.significantSince).toBe(early);
    expect(decide(better, progressAt(MATURED + DAY))?.analysis).toEqual(decide(better)?.analysis);
  });

  test('keeps the champion where the interval holds 0', () => {
    const { decision, because } = decide(units(3_000, { control: 0.5, treatment: 0.5 })) ?? {};
    expect(decision).toBe('keep');
    expect(because).toContain('the champion stays');
  });

  test('asks for the least effect that was declared', () => {
    const demanding = phaseWith({ spec: { design: { duration: '7d', minimumEffect: 0.36 } } });
    const atEnd = decidePhase(demanding, seriesOfUnits(tiling, better), progressAt(MATURED));
    expect(atEnd?.analysis.effect).toBeLessThan(-0.36);
    expect(atEnd?.decision).toBe('keep');
  });

  test('is turned round where more is better', () => {
    const increase = phaseWith({ metric: { direction: 'increase' } });
    const more = seriesOfUnits(tiling, units(3_000, { control: 0.4, treatment: 0.5 }));
    expect(decidePhase(increase, more, progressAt(MATURED))?.decision).toBe('promote');
    expect(decidePhase(increase, seriesOfUnits(tiling, better), progressAt(MATURED))?.decision).toBe('stop-harm');
  });

  test('is invalid where the units do not split as configured, however good the effect looks', () => {
    const { decision, because, analysis } = decide(units(3_000, { control: 0.5, treatment: 0.4 }, { treated: 0.42 })) ?? {};
    expect(analysis?.srm).toMatchObject({ mismatch: true, expected: { control: 1_500, treatment: 1_500 } });
    expect(decision).toBe('invalid');
    expect(because).toContain('nothing can be concluded');
  });

  test('nothing but harm stops early, and at the same moment on every machine', () => {
    const worse = units(3_000, { control: 0.4, treatment: 0.6 });
    const first = decide(worse, progressAt(END));
    expect(first?.decision).toBe('stop-harm');
    expect(Date.parse(first?.decidedAt ?? '')).toBeLessThan(MONDAY + 3 * DAY);
    // A slower machine sees more at once and comes to the same.
    expect(decide(worse)).toEqual(first);
    expect(decide(worse, progressAt(Date.parse(first?.decidedAt ?? '')))).toEqual(first);
  });

  test('without a single exposure nothing is promoted', () => {
    expect(decide([])).toMatchObject({ decision: 'keep', analysis: { ci: [null, null], units: { control: 0, treatment: 0 } } });
  });
});

test('where nothing differs, at most as many are promoted by chance, or stopped for harm, as was declared', () => {
  const worlds = 250;
  const counts = { promote: 0, keep: 0, 'stop-harm': 0, invalid: 0 };
  for (let seed = 1; seed <= worlds; seed += 1) {
    const decision = decide(units(800, { control: 0.5, treatment: 0.5 }, { seed }));
    if (decision !== undefined) counts[decision.decision] += 1;
  }
  const chance = (share: number): number => worlds * share + 3 * Math.sqrt(worlds * share * (1 - share));
  expect(counts.promote).toBeLessThanOrEqual(chance(0.025));
  expect(counts['stop-harm']).toBeLessThanOrEqual(chance(0.05));
  expect(counts.invalid).toBeLessThanOrEqual(chance(0.001));
  expect(counts.keep).toBeGreaterThan(worlds * 0.9);
});

test('looks are taken at complete tiles alone', () => {
  expect(completeTile(phase, progressAt(MONDAY + 90 * MINUTE))).toBe(1);
  expect(completeTile(phase, progressAt(MONDAY + 2 * HOUR, MONDAY + HOUR))).toBe(1);
  expect(completeTile(phase, { outcomes: MONDAY + DAY, answers: null, exposures: null })).toBe(0);
  expect(iso(MONDAY)).toBe('2001-01-15T00:00:00.000Z');
});
