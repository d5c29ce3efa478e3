import { reportHtml } from './report-html.ts';
import { reportOf, verdictOf } from './report.ts';
import { reportText } from './report-text.ts';
import { storyOf, type DemoResult } from './result.ts';
import { ANALYSIS, decided, kept, rollBack, run, undecided, type Decision } from './sample-run.ts';

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
    const words = wordsOf(run({ scope: { airports: 229, isLarge: true, days: 7, permuted: false, onServers: false } }));
    expect(words).toContain('between 229 airports');
    expect(words).toContain('0.77 ± 0.02');
    expect(words).not.toContain('0.74 ± 0.02');
  });

  it('on servers of its own has the same expectations, but none of how fast and how small it is', () => {
    const onServers = run({ scope: { ...run().scope, onServers: true }, seconds: 500, peakMemoryMb: 9_000 });
    expect(missedIn(onServers)).toEqual([]);
    expect(wordsOf(onServers)).toContain('0.74 ± 0.02');
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
