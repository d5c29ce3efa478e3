import type { SearchSpec } from '@roofshot/contracts/resources/training-job';
import { planTrials } from './plan-trials.ts';

const search = (over: Partial<SearchSpec>): SearchSpec => ({ trials: 8, metric: 'auc', direction: 'maximize', space: {}, ...over });
const grid = { rate: [0.05, 0.1], leaves: [15, 31], trees: [100, 200] };

describe('the trials of a job', () => {
  it("are one, with the job's own parameters, without a search", () => {
    expect(planTrials({ params: { c: 1 } })).toEqual([{ c: 1 }]);
    expect(planTrials({})).toEqual([{}]);
  });

  it('are the whole grid when there is room for it', () => {
    const trials = planTrials({ search: search({ space: { b: [1, 2], a: ['x', 'y'] } }) });
    expect(trials).toEqual([
      { a: 'x', b: 1 },
      { a: 'x', b: 2 },
      { a: 'y', b: 1 },
      { a: 'y', b: 2 },
    ]);
  });

  it("begin with the start points as they are written, over the job's parameters", () => {
    const trials = planTrials({ params: { rows: 100, leaves: 3 }, search: search({ space: grid, start: [{ rate: 0.2, rows: 20 }] }) });
    expect(trials[0]).toEqual({ rate: 0.2, rows: 20, leaves: 3 });
    expect(trials).toHaveLength(8);
    expect(trials.slice(1).every(({ rows }) => rows === 100)).toBe(true);
  });

  it('are drawn without replacement from a grid that is larger', () => {
    const trials = planTrials({ seed: 7, search: search({ space: grid, trials: 7 }) });
    expect(new Set(trials.map((trial) => JSON.stringify(trial))).size).toBe(7);
  });

  it('never try a start point twice', () => {
    const start = [{ rate: 0.1, leaves: 15, trees: 200 }];
    const trials = planTrials({ search: search({ space: grid, trials: 9, start }) });
    expect(trials).toHaveLength(8);
    expect(trials[0]).toEqual(start[0]);
  });

  it('are the same for the same seed, whatever the order of keys, and others for another', () => {
    const space = { rate: { min: 0.01, max: 1, scale: 'log' as const }, leaves: { min: 2, max: 5, integer: true } };
    const mixed = { leaves: space.leaves, rate: space.rate };
    const trials = planTrials({ seed: 1, search: search({ space }) });
    expect(planTrials({ seed: 1, search: search({ space: mixed }) })).toEqual(trials);
    expect(planTrials({ seed: 2, search: search({ space }) })).not.toEqual(trials);
  });

  it('stay in their ranges and reach both ends of whole numbers', () => {
    const space = { rate: { min: 0.01, max: 1, scale: 'log' as const }, leaves: { min: 2, max: 5, integer: true } };
    const trials = planTrials({ seed: 3, search: search({ space, trials: 200 }) }) as { rate: number; leaves: number }[];
    expect(trials).toHaveLength(200);
    expect(trials.every(({ rate }) => rate >= 0.01 && rate <= 1)).toBe(true);
    expect([...new Set(trials.map(({ leaves }) => leaves))].sort()).toEqual([2, 3, 4, 5]);
    const belowMiddle = trials.filter(({ rate }) => rate < 0.1).length;
    expect(belowMiddle).toBeGreaterThan(75); // half of a logarithmic range lies below its geometric mean
    expect(belowMiddle).toBeLessThan(125);
  });

  it('are fewer than asked for when the space holds no more', () => {
    expect(planTrials({ search: search({ space: { n: { min: 1, max: 3, integer: true } }, trials: 50 }) })).toHaveLength(3);
  });
});
