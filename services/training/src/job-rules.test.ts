import type { TrainingJobSpec } from '@roofshot/contracts/resources/training-job';
import { jobFaults } from './job-rules.ts';

const good: TrainingJobSpec = {
  entryPoint: 'late.py',
  code: 'import x\n\ndef train(run):\n    pass\n',
  featureService: 'risk',
  observation: { eventType: 'departed', entities: {}, context: {} },
  label: { eventType: 'landed', name: 'late', value: 'data.delay > 15' },
  registers: 'delay',
  params: { rows: 1 },
  search: { trials: 2, metric: 'auc', direction: 'maximize', space: { rate: [0.1, 0.2] }, start: [{ rate: 1, rows: 2 }] },
  validation: { last: '2d' },
};
const searching = (over: Partial<NonNullable<TrainingJobSpec['search']>>): TrainingJobSpec => ({
  ...good,
  search: { trials: 2, metric: 'auc', direction: 'maximize', space: { rate: [0.1, 0.2] }, ...over },
});
const without = (key: keyof TrainingJobSpec): TrainingJobSpec => {
  const { [key]: _left, ...rest } = good;
  return rest as TrainingJobSpec;
};

it('a sane job has no faults', () => {
  expect(jobFaults(good)).toEqual([]);
  expect(jobFaults({ ...good, code: 'async def train (run): pass' })).toEqual([]);
});

it.each<[string, TrainingJobSpec, string, RegExp]>([
  ['no code', without('code'), '/code', /is missing: `roofshot apply` puts/],
  ['no train', { ...good, code: 'def trian(run): pass' }, '/code', /no function train\(run\).* Rename trian\?/],
  ['train within another function', { ...good, code: 'def f():\n    def train(run): pass' }, '/code', /at its top level/],
  ['a feature twice', { ...good, features: ['a', 'b', 'a'] }, '/features/2', /named twice/],
  ['the label as a feature', { ...good, features: ['a', 'late'] }, '/features/1', /is the label/],
  ['threads as a parameter', { ...good, params: { rows: 1, n_jobs: 2 } }, '/params/n_jobs', /resources\.threads/],
  ['a parameter twice', { ...good, params: { rows: 1, rate: 2 } }, '/params/rate', /searched for as well/],
  ['a search without held-out rows', without('validation'), '/validation', /compares trials on rows that are held out/],
  ['an empty space', searching({ space: {} }), '/search/space', /is empty/],
  ['a choice twice', searching({ space: { rate: [1, 1] } }), '/search/space/rate', /twice/],
  ['an empty range', searching({ space: { rate: { min: 2, max: 2 } } }), '/search/space/rate', /write a list, \[2\]/],
  ['a logarithm of zero', searching({ space: { rate: { min: 0, max: 2, scale: 'log' } } }), '/search/space/rate', /above 0/],
  [
    'whole numbers that are none',
    searching({ space: { rate: { min: 0.5, max: 2, integer: true } } }),
    '/search/space/rate',
    /whole numbers/,
  ],
  ['more starts than trials', searching({ trials: 1, start: [{ rate: 1 }, { rate: 2 }] }), '/search/start', /2 configurations/],
  ['an unknown name in a start', searching({ start: [{ rat: 1 }] }), '/search/start/0/rat', /Did you mean rate\?/],
])('%s is told where it is', (_what, job, path, message) => {
  expect(jobFaults(job)).toEqual([{ path, message: expect.stringMatching(message) }]);
});
