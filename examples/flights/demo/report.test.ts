import { readFileSync } from 'node:fs';
import type { ExperimentResults } from '@roofshot/contracts/http/experiments';
import { conclusionOf } from './conclusion.ts';
import type { FaultSeen } from './fault-day.ts';
import { reportHtml } from './report-html.ts';
import { reportOf, verdictOf } from './report.ts';
import { reportText } from './report-text.ts';
import { storyOf, type DemoResult } from './result.ts';
import type { RollBack } from './stages.ts';
import { summaryOf } from './summary.ts';

type Analysis = NonNullable<ExperimentResults['analysis']>;
type Decision = NonNullable<ExperimentResults['decision']>;

const ANALYSIS: Analysis = {
  experiment: 'e',
  phase: 1,
  metric: 'cost-per-flight',
  asOf: '2001-01-22T14:00:00Z',
  units: { control: 13_561, treatment: 13_650 },
  means: { control: 0.73, treatment: 0.56 },
  effect: -0.17,
  ci: [-0.2, -0.15],
  ciMethod: 'Welch',
  pValue: 1e-9,
  cuped: null,
  sequential: { method: 'sequence', ci: [-0.22, null], pValue: 0.001 },
  srm: { pValue: 0.59, mismatch: false, expected: {} },
  significantSince: '2001-01-16T12:00:00Z',
  immature: 0,
  missing: 0,
};
/** Of a real week: event time, effect, interval, boundary. */
type Recorded = readonly [string, number, number | null, number | null, number | null, number | null];
const FILE = new URL('./recorded-week.json', import.meta.url);
const RECORDED = (JSON.parse(readFileSync(FILE, 'utf8')) as Recorded[]).map(([asOf, effect, low, high, least, most]) => ({
  asOf,
  effect,
  ci: [low, high] as const,
  boundary: [least, most] as const,
}));
const FAULTS: readonly [FaultSeen, FaultSeen] = [
  { fault: 'the store', from: '2001-01-29T10:30:00Z', to: '2001-01-29T12:00:00Z', ageMaxSeconds: 1200, isRolledBack: true },
  { fault: 'the keys', from: '2001-01-29T12:15:00Z', to: '2001-01-30T12:00:00Z', ageMaxSeconds: 240, isRolledBack: true },
];
const rollBack = (fault: string): RollBack => ({
  fault,
  guardrail: 'g',
  outcomesUntilBreach: 300,
  milliseconds: 40,
  featureAgeMaxSeconds: 240,
});

function decided(decision: string, promotion?: Decision['promotion']): ExperimentResults {
  const made: Decision = {
    decision,
    because: 'of its rule',
    decidedAt: ANALYSIS.asOf,
    analysis: ANALYSIS,
    ...(promotion && { promotion }),
  };
  return { ...undecided(), state: 'decided', analysis: ANALYSIS, decision: made };
}

const undecided = (): ExperimentResults => ({
  experiment: 'e',
  state: 'running',
  phase: 1,
  startedAt: null,
  endsAt: null,
  analysis: null,
  decision: null,
  probation: null,
  breaches: [],
});

function run(changes: Partial<DemoResult> = {}): DemoResult {
  const trained = { version: 1, metrics: {}, labelNotKnown: 593, rows: 47_384 };
  return {
    scope: { airports: 20, isLarge: false, days: 7, permuted: false },
    totals: {
      events: 10,
      verdicts: { accepted: 10, duplicate: 0, late: 0, quarantined: 0 },
      predictions: 5,
      steps: 2,
      featureAgeMaxSeconds: 240,
      stepMs: [10, 20],
    },
    trained: [trained, { ...trained, version: 2 }],
    disagreement: { pairs: 4, differ: 0.25 },
    truth: { flights: 27_211, auc: [0.58, 0.74], cost: [0.73, 0.55], pairedEffect: -0.18 },
    results: decided('promote'),
    looks: RECORDED,
    secondsToDecision: 0.05,
    audit: { predictions: 5, values: 210, mismatchCount: 0 } as DemoResult['audit'],
    faults: FAULTS,
    rollbacks: FAULTS.map(({ fault }) => rollBack(fault)),
    seconds: 200,
    readySeconds: 5,
    peakMemoryMb: 1400,
    eventLog: '/data/event-log',
    ...changes,
  };
}

const kept = (scope: Partial<DemoResult['scope']> = {}): DemoResult =>
  run({ results: decided('keep'), faults: [], rollbacks: [], scope: { ...run().scope, ...scope } });
const textOf = (result: DemoResult): string => reportText(reportOf(result));
/** Without the breaks of its columns. */
const wordsOf = (result: DemoResult): string =>
  reportOf(result)
    .flatMap(({ title, lines, notes }) => [title, ...lines.map(({ what, found, expected }) => `${what}: ${found} (${expected})`), ...notes])
    .join('\n');
const missedIn = (result: DemoResult): string[] =>
  reportOf(result)
    .flatMap(({ lines }) => lines)
    .filter(({ isMet }) => isMet === false)
    .map(({ what }) => what);
const pageOf = (result: DemoResult): string =>
  reportHtml(reportOf(result), { title: 'T', conclusion: 'Kept <so>.', airports: 229, story: storyOf(result) });

describe('the report', () => {
  it('of the run without flags compares with the week, its bars and two roll-backs, and all is met', () => {
    const words = wordsOf(run());
    expect(words).toContain('between 20 airports');
    expect(words).toContain('Experiment: one week');
    expect(words).toContain('decision: promote (promote)');
    expect(words).toContain('at most 240 s');
    expect(words).toContain('the store: g after 300 matured outcomes; old version answers after 40 ms');
    expect(missedIn(run())).toEqual([]);
    expect(verdictOf(reportOf(run()))).toMatch(/^All \d\d expectations are met\.$/);
  });

  it('marks each figure that misses its expectation, and says so in a sentence', () => {
    const off = run({ seconds: 504, truth: { ...run().truth, auc: [0.58, 0.7] }, audit: { ...run().audit, mismatchCount: 1 } });
    const missed = ['served values recomputed from raw events, by other code', 'v2 (last hours): AUC', 'whole demo'];
    expect(missedIn(off)).toEqual(missed);
    expect(verdictOf(reportOf(off))).toContain(`expectations are missed: ${missed.join('; ')}.`);
    expect(textOf(off)).toMatch(/^✗ whole demo +504 s +at most 240 s/m);
    expect(pageOf(off)).toMatch(/whole demo<\/th>.*504 s.*✗ missed/);
  });

  it.each<[string, Partial<DemoResult['totals']>, string]>([
    ['an event that was not accepted', { verdicts: { accepted: 9, duplicate: 0, late: 1, quarantined: 0 } }, 'accepted / duplicate / late'],
    ['features that were too old', { featureAgeMaxSeconds: 301 }, 'greatest feature age'],
  ])('marks %s', (_, totals, what) => {
    const [missed, ...others] = missedIn(run({ totals: { ...run().totals, ...totals } }));
    expect(missed).toContain(what);
    expect(others).toEqual([]);
  });

  it('of permuted delays expects the old model to be kept and shows no faults', () => {
    const permuted = kept({ permuted: true });
    const words = wordsOf(permuted);
    expect(words).toContain('(keep)');
    expect(words).toContain('The delays were given to other flights');
    expect(words).toContain('not injected: no new version became champion');
    expect(words).not.toContain('the store');
    expect(missedIn(permuted)).toEqual(expect.arrayContaining(['v2 (last hours): AUC', 'effect on cost per flight', 'significant since']));
  });

  it('of fewer days says so, and calls nothing a week that was none', () => {
    const words = wordsOf(run({ scope: { ...run().scope, days: 3 } }));
    expect(words).toContain('Experiment: 3 days instead of the declared week');
    expect(words).toContain('the rule still asks for all 3 days');
    expect(words).toContain('interval meets the week’s −0.17');
    expect(words).not.toMatch(/one week|at most 240 s/);
    expect(missedIn(kept({ days: 1 }))).toEqual([]);
  });

  it('of the whole network has its own expectations', () => {
    const words = wordsOf(run({ scope: { airports: 229, isLarge: true, days: 7, permuted: false } }));
    expect(words).toContain('between 229 airports');
    expect(words).toContain('0.77 ± 0.02');
    expect(words).not.toContain('0.74 ± 0.02');
  });

  it('names a fault that no guardrail saw, and a roll-back that no fault explains', () => {
    const odd = run({ rollbacks: [rollBack('the store'), { ...rollBack('unexpected'), featureAgeMaxSeconds: undefined }] });
    expect(wordsOf(odd)).toContain('the keys: no guardrail fired');
    expect(wordsOf(odd)).toContain('unexpected: g after 300 matured outcomes; old version answers after 40 ms (none)');
    expect(missedIn(odd)).toEqual(['unexpected', 'the keys']);
  });

  it('does not print a number for an answer that never came', () => {
    const silent = run({ rollbacks: [{ ...rollBack('the store'), milliseconds: Number.POSITIVE_INFINITY }, rollBack('the keys')] });
    expect(wordsOf(silent)).toContain('the old version never answered');
    expect(wordsOf(silent)).not.toMatch(/Infinity|∞ ms/);
    expect(missedIn(silent)).toEqual(['the store']);
  });

  it('says that there is no analysis when nothing has matured', () => {
    expect(wordsOf(run({ results: undecided(), faults: [], rollbacks: [] }))).toContain('analysis: none: no outcome has matured');
  });

  it('tells why the registry refused a promotion', () => {
    const results = decided('promote', { state: 'refused', detail: 'the champion has moved.' });
    const words = wordsOf(run({ results, faults: [], rollbacks: [] }));
    expect(words).toContain('The registry refused: the champion has moved.');
    expect(words).toContain('not injected');
  });

  it('says in a sentence that CUPED changes little, and gives figures where it changes much', () => {
    const withCuped = (varianceReduction: number): DemoResult => {
      const cuped = { effect: -0.1926, ci: [-0.2174, -0.1679] as [number, number], theta: 0.07, varianceReduction };
      const results = decided('promote');
      const analysis = { ...ANALYSIS, cuped };
      return run({ results: { ...results, decision: { ...(results.decision as Decision), analysis } } });
    };
    expect(wordsOf(withCuped(0.000_12))).toContain(
      'CUPED changes little here: it takes away 0.01 % of the variance (−0.193 [−0.217, −0.168])',
    );
    expect(wordsOf(withCuped(0.25))).toContain('With CUPED: −0.193 [−0.217, −0.168], from 25.0 % less variance.');
    expect(wordsOf(run())).not.toContain('CUPED');
  });

  it('separates thousands', () => {
    const many = run({ totals: { ...run().totals, events: 180_709, verdicts: { ...run().totals.verdicts, accepted: 180_709 } } });
    expect(wordsOf(many)).toContain('180,709 / 0 / 0 / 0');
    expect(wordsOf(many)).toContain('control 13,561, treatment 13,650; 0.590');
  });

  const long = { ...ANALYSIS, ciMethod: "Welch's t, 95 % two-sided, absolute difference" };
  const because = 'The effect of treatment on cost-per-flight is −0.1927 ([−0.2174, −0.168]): all of the interval is lower by more than 0.';
  it.each<[string, DemoResult]>([
    [
      'promoted',
      run({ results: { ...decided('promote'), decision: { decision: 'promote', because, decidedAt: long.asOf, analysis: long } } }),
    ],
    ['kept', kept({ permuted: true })],
    ['of one day', run({ scope: { ...run().scope, days: 1 }, rollbacks: [] })],
  ])('has no line above 100 characters on a terminal when the run was %s', (_, result) => {
    const lengths = textOf(result).split('\n');
    expect(lengths.filter((text) => text.length > 100)).toEqual([]);
    expect(textOf(result)).toMatch(/^ {2}figure +found +expected$/m);
  });

  it('keeps a long path whole, so that it can be copied', () => {
    const eventLog = `/data/${'folder/'.repeat(14)}event-log`;
    expect(textOf(run({ eventLog }))).toContain(eventLog);
  });

  it('is a page with the conclusion, the network, column heads and the chart in two sizes', () => {
    const page = pageOf(run());
    expect(page).toContain('Kept &lt;so&gt;.');
    expect(page).toContain('between 229 US airports');
    expect(page).toMatch(/<th scope="col">found<\/th><th scope="col">expected<\/th>/);
    expect(page.match(/<svg /g)).toHaveLength(2);
    expect(page).not.toMatch(/undefined|NaN|https?:/);
  });
});

describe('the conclusion', () => {
  it.each<[string, DemoResult, RegExp]>([
    ['promoted with both roll-backs', run(), /^Promoted after 7 days: .*each of the 2 faults rolled it back without/],
    ['promoted with one roll-back', run({ rollbacks: [rollBack('the keys')] }), /only 1 of the 2 faults rolled it back\.$/],
    [
      'kept',
      kept({ days: 1 }),
      /^Kept after one day: the second version was not shown to be better, so the first version stays champion\.$/,
    ],
    ['kept with permuted delays', kept({ permuted: true }), /as it must be where nothing can be learnt, so the first/],
    ['stopped for harm', run({ results: decided('stop-harm') }), /^Stopped early: .*did harm/],
    ['invalid', run({ results: decided('invalid') }), /^No verdict after 7 days: .*\(of its rule\)/],
    ['refused', run({ results: decided('promote', { state: 'refused', detail: '' }) }), /registry refused it, so the first version stays/],
    ['undecided', run({ results: undecided() }), /^No decision was made, so the first version stays champion\.$/],
  ])('is one sentence when the experiment was %s', (_, result, said) => {
    expect(conclusionOf(result)).toMatch(said);
  });
});

describe('the JSON line', () => {
  const shapeOf = (value: unknown): unknown =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]))
      : null;
  const line = (result: DemoResult): unknown => JSON.parse(JSON.stringify(summaryOf(result)));
  const kinds: readonly [string, DemoResult][] = [
    ['kept', kept({ permuted: true })],
    ['of three days', run({ scope: { ...run().scope, days: 3 } })],
    ['of the whole network', run({ scope: { airports: 229, isLarge: true, days: 2, permuted: false } })],
    ['undecided', run({ results: undecided(), faults: [], rollbacks: [] })],
  ];

  it.each(kinds)('has the same keys when the run was %s', (_, result) => {
    expect(shapeOf(line(result))).toEqual(shapeOf(line(run())));
  });

  it('has the documented keys', () => {
    expect(line(run())).toEqual({
      events: 10,
      verdicts: { accepted: 10, duplicate: 0, late: 0, quarantined: 0 },
      models: { v1: { auc: 0.58, cost: 0.73 }, v2: { auc: 0.74, cost: 0.55 } },
      experiment: {
        effect: -0.17,
        ci: [-0.2, -0.15],
        ciMethod: 'Welch',
        pairedTruth: -0.18,
        srmP: 0.59,
        decision: 'promote',
        significantSince: '2001-01-16T12:00:00Z',
        secondsToDecision: 0.05,
      },
      featureAgeMaxSeconds: 240,
      rollbacks: [
        { fault: 'the store', guardrail: 'g', outcomesUntilBreach: 300, milliseconds: 40 },
        { fault: 'the keys', guardrail: 'g', outcomesUntilBreach: 300, milliseconds: 40 },
      ],
      seconds: 200,
      peakMemoryMb: 1400,
      eventLog: '/data/event-log',
    });
  });
});
