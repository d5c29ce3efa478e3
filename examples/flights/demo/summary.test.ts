import { conclusionOf } from './conclusion.ts';
import type { DemoResult } from './result.ts';
import { decided, kept, rollBack, run, undecided } from './sample-run.ts';
import { summaryOf } from './summary.ts';

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
    ['of the whole network', run({ scope: { airports: 229, isLarge: true, days: 2, permuted: false, onServers: false } })],
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
