import type { ExperimentResults } from '@roofshot/contracts/http/experiments';
import { effectOf, progressOf, reasonText, significanceText, stateText, unitsText } from './experiment-text.ts';

type Analysis = NonNullable<ExperimentResults['analysis']>;

const ANALYSIS: Analysis = {
  experiment: 'e',
  phase: 1,
  metric: 'cost',
  asOf: '2001-01-18T04:30:00Z',
  units: { control: 6_561, treatment: 6_650 },
  means: {},
  effect: -0.19272,
  ci: [-0.21744, -0.16799],
  ciMethod: 'Welch',
  pValue: 0,
  cuped: null,
  sequential: { method: 'sequence', ci: [-0.2326, -0.1528], pValue: 0 },
  srm: { pValue: 0.5895, mismatch: false, expected: {} },
  significantSince: '2001-01-15T04:00:00.000Z',
  immature: 41,
  missing: 0,
};
const RUNNING: ExperimentResults = {
  experiment: 'e',
  state: 'running',
  phase: 1,
  startedAt: '2001-01-15T00:00:00Z',
  endsAt: '2001-01-22T00:00:00Z',
  analysis: ANALYSIS,
  decision: null,
  probation: null,
  breaches: [],
};

test('progress is event time reached of what was planned, and never more than all of it', () => {
  expect(progressOf(RUNNING)).toEqual({ share: 76.5 / 168, text: '3 days 4 h of 7 days', until: '18 Jan 2001 04:30' });
  const over = progressOf({ ...RUNNING, analysis: { ...ANALYSIS, asOf: '2001-01-22T12:00:00Z' } });
  expect(over).toEqual({ share: 1, text: '7 days of 7 days', until: '22 Jan 2001 12:00' });
  expect(progressOf({ ...RUNNING, analysis: null })).toMatchObject({ share: 0, text: '0 h of 7 days' });
  expect(progressOf({ ...RUNNING, startedAt: null, endsAt: null })).toBeUndefined();
});

test('an effect is told with its interval, and is nothing before both variants have outcomes', () => {
  expect(effectOf(ANALYSIS)).toEqual({ effect: '−0.193', interval: '[−0.217, −0.168]' });
  expect(effectOf({ ...ANALYSIS, ci: [null, -0.1] })).toMatchObject({ interval: '[−∞, −0.1]' });
  expect(effectOf({ ...ANALYSIS, effect: 0, ci: [null, null] })).toBeUndefined();
  expect(effectOf(null)).toBeUndefined();
});

test('what is known is told in words', () => {
  expect(significanceText(ANALYSIS)).toBe('significant since 15 Jan 2001 04:00');
  expect(significanceText({ ...ANALYSIS, significantSince: null })).toBe('not significant so far');
  expect(unitsText(ANALYSIS)).toBe('control 6,561, treatment 6,650: split as planned (p 0.59); 41 wait for their outcome');
  expect(unitsText({ ...ANALYSIS, srm: { ...ANALYSIS.srm, mismatch: true } })).toContain('NOT the planned split');
  expect([RUNNING, { ...RUNNING, state: 'draft' as const }].map(stateText)).toEqual(['running', 'not started']);
});

test('a decision tells its reason, a refusal by the registry and what became of the version', () => {
  const decision = { decision: 'promote', because: 'It is lower.', decidedAt: '2001-01-22T12:00:00Z', analysis: ANALYSIS };
  const probation = { model: 'm', version: 2, state: 'breached' as const, since: '2001-01-22T12:00:00Z', outcomes: 2_798, guardrails: [] };
  const decided: ExperimentResults = { ...RUNNING, state: 'decided', decision };
  expect(stateText(decided)).toBe('decided: promote');
  expect(reasonText({ ...decided, decision: { ...decision, promotion: { state: 'refused', detail: 'it moved' } } })).toBe(
    'It is lower. The registry refused: it moved.',
  );
  expect(reasonText({ ...decided, probation, breaches: [1, 2] })).toBe(
    'It is lower. The last probation of version 2 ended after 2,798 outcomes with a breach. 2 guardrails were breached since.',
  );
  expect(reasonText(RUNNING)).toBe('');
});
