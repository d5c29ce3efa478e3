import { MINUTE, MONDAY } from '../../test/lab.ts';
import { seeded } from '../../test/flights.ts';
import { sumsOf, tableOf } from '../../test/phases.ts';
import type { Entry } from '../sums/series.ts';
import { judgeProbation, LEAST_PAIRS, readGuardrail } from './look-at-guardrails.ts';
import { guardrailsOf, PROBATION_TILING, type Probation } from './probation.ts';

const guardrails = guardrailsOf({
  shadowAlias: 'shadow',
  guardrails: [
    { name: 'degraded', type: 'degraded-share', max: 0.05 },
    { name: 'worse', type: 'paired-metric', metric: 'cost', max: 0 },
  ],
});
const [degraded, worse] = guardrails as [(typeof guardrails)[0], (typeof guardrails)[0]];

const probation: Probation = {
  scope: 1,
  experiment: 'e',
  deployment: 'd',
  state: 'open',
  frozen: {
    model: 'm',
    alias: 'champion',
    shadowAlias: 'shadow',
    version: 2,
    previous: 1,
    revision: 2,
    since: '2001-01-22T12:00:00.000Z',
    guardrails,
    outcomeTypes: ['flight.landed'],
    tiling: PROBATION_TILING,
    correlationId: null,
  },
  looked: { served: 0, paired: 0 },
  breach: null,
};

const start = MONDAY / MINUTE;
const everything = { served: start + 1e6, paired: start + 1e6 };
const at = (minute: number): number => MONDAY + minute * MINUTE;
const served = (minute: number, isDegraded: boolean): Entry => ({ s: 'served', at: at(minute), y: isDegraded ? 1 : 0 });
const pair = (minute: number, y: number): Entry[] => [
  { s: 'paired:cost', at: at(minute), y },
  { s: 'outcome', at: at(minute) },
];
const range = (n: number): number[] => Array.from({ length: n }, (_, index) => index);

test('guardrails without an alpha of their own share five per cent', () => {
  expect(guardrails.map(({ alpha }) => alpha)).toEqual([0.025, 0.025]);
});

describe('a reading', () => {
  test('of degraded answers bounds their share from below', () => {
    const reading = readGuardrail(degraded, sumsOf(range(1_000).map((n) => [n % 10 === 0 ? 1 : 0])));
    expect(reading).toMatchObject({ estimate: 0.1, observations: 1_000, breached: true });
    expect(reading.bound).toBeGreaterThan(0.05);
    expect(reading.bound).toBeLessThan(0.1);
    expect(readGuardrail(degraded, sumsOf(range(1_000).map((n) => [n % 20 === 0 ? 1 : 0]))).breached).toBe(false);
  });

  test('of pairs waits until there are enough of them', () => {
    const costly = range(LEAST_PAIRS).map((n) => [3 + (n % 2)] as const);
    expect(readGuardrail(worse, sumsOf(costly.slice(1)))).toMatchObject({ bound: null, breached: false });
    expect(readGuardrail(worse, sumsOf(costly)).breached).toBe(true);
  });

  test('of equal pairs has no bound and does not alarm', () => {
    expect(readGuardrail(worse, sumsOf(range(500).map(() => [0])))).toEqual({
      estimate: 0,
      bound: null,
      observations: 500,
      breached: false,
    });
  });

  test('of nothing says nothing', () => {
    expect(readGuardrail(degraded, sumsOf([]))).toEqual({ estimate: null, bound: null, observations: 0, breached: false });
  });
});

describe('a probation', () => {
  const faulty = range(600).map((minute) => served(minute, minute >= 300));

  test('is breached at the first look that shows it, however late one looks and in how many steps', () => {
    const table = tableOf(PROBATION_TILING, faulty);
    const { breach } = judgeProbation(probation, table, everything);
    expect(breach).toMatchObject({ guardrail: 'degraded', version: 2, limit: 0.05 });
    const minutes = (Date.parse(breach?.breachedAt ?? '') - MONDAY) / MINUTE;
    expect(minutes).toBeGreaterThan(300);
    expect(minutes).toBeLessThan(360);
    let looked = probation.looked;
    for (let minute = 10; ; minute += 7) {
      const judged = judgeProbation({ ...probation, looked }, table, { served: start + minute, paired: 0 });
      looked = judged.looked;
      if (judged.breach === undefined) continue;
      expect(judged.breach).toEqual(breach);
      break;
    }
  });

  test('is looked at only where everything is known', () => {
    const table = tableOf(PROBATION_TILING, faulty);
    const soon = judgeProbation(probation, table, { served: start + 300, paired: start + 600 });
    expect(soon).toEqual({ looked: { served: start + 300, paired: start + 600 }, breach: undefined });
  });

  test('tells the outcomes that had come in until a costly version was found out', () => {
    const random = seeded(2);
    const entries = range(800).flatMap((minute) => pair(minute, random() < 0.3 ? 4 : random() < 0.3 ? -1 : 0));
    const { breach } = judgeProbation(probation, tableOf(PROBATION_TILING, entries), everything);
    expect(breach?.guardrail).toBe('worse');
    expect(breach?.outcomes).toBe(breach?.observations);
    expect(breach?.outcomes).toBeGreaterThanOrEqual(LEAST_PAIRS);
    expect(breach?.outcomes).toBeLessThan(300);
  });

  test('of a version that is as good as its shadow alarms at most as often as declared, though it is looked at each minute', () => {
    const runs = 80;
    const alarms = range(runs).filter((seed) => {
      const random = seeded(seed + 1);
      const difference = (): number => [4, -4, 1, -1, 0, 0, 0, 0][Math.floor(random() * 8)] ?? 0;
      const entries = range(500).flatMap((minute) => [...pair(minute, difference()), served(minute, random() < 0.05)]);
      return judgeProbation(probation, tableOf(PROBATION_TILING, entries), everything).breach !== undefined;
    }).length;
    // 5 % of the runs, and three standard deviations of chance.
    expect(alarms).toBeLessThanOrEqual(runs * 0.05 + 3 * Math.sqrt(runs * 0.05 * 0.95));
  });
});
