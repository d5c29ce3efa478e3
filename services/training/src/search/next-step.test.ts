import type { SearchSpec } from '@roofshot/contracts/resources/training-job';
import { nextStep, type TrialState } from './next-step.ts';

const search: SearchSpec = { trials: 3, metric: 'loss', direction: 'minimize', space: {} };
const trial = (number: number, over: Partial<TrialState> = {}): TrialState => ({
  number,
  kind: 'validation',
  params: { n: number },
  state: 'finished',
  metrics: { loss: number },
  error: null,
  ...over,
});
const failed = (number: number, error: string): TrialState => trial(number, { state: 'failed', metrics: {}, error });

describe('a run', () => {
  it('waits while trials are open', () => {
    expect(nextStep([trial(1), trial(2, { state: 'running' })], search)).toEqual({ kind: 'wait' });
    expect(nextStep([trial(1), trial(2, { state: 'queued' })], search)).toEqual({ kind: 'wait' });
  });

  it('trains the best parameters on all rows once all trials have ended; of equals the first', () => {
    const trials = [trial(1, { metrics: { loss: 2 } }), trial(2, { metrics: { loss: 1 } }), trial(3, { metrics: { loss: 1 } })];
    expect(nextStep(trials, search)).toEqual({ kind: 'train-final', best: trials[1] });
    expect(nextStep(trials, { ...search, direction: 'maximize' })).toEqual({ kind: 'train-final', best: trials[0] });
  });

  it('goes on without the trials that failed', () => {
    const step = nextStep([failed(1, 'NaN'), trial(2)], search);
    expect(step).toMatchObject({ kind: 'train-final', best: { number: 2 } });
  });

  it('fails when all trials failed, with the words of the first', () => {
    expect(nextStep([failed(1, 'A.'), failed(2, 'B.')], search)).toEqual({ kind: 'fail', reason: 'All 2 trials failed. The first: A.' });
    expect(nextStep([failed(1, 'A.')], undefined)).toEqual({ kind: 'fail', reason: 'A.' });
  });

  it('does not go through a long search whose code is faulty', () => {
    const queued = trial(4, { state: 'queued' });
    expect(nextStep([failed(1, 'A.'), failed(2, 'A.'), failed(3, 'A.'), queued], search)).toEqual({
      kind: 'fail',
      reason: '3 trials failed alike: A.',
    });
    expect(nextStep([failed(1, 'A.'), failed(2, 'A.'), failed(3, 'B.'), queued], search)).toEqual({ kind: 'wait' });
    expect(nextStep([failed(1, 'A.'), failed(2, 'A.'), failed(3, 'A.'), trial(4), queued], search)).toEqual({ kind: 'wait' });
  });

  it('ends as its last training does', () => {
    const final = trial(3, { kind: 'final', metrics: {} });
    expect(nextStep([trial(1), trial(2), final], search)).toEqual({ kind: 'finish', best: trial(1), final });
    expect(nextStep([trial(1), { ...final, state: 'running' }], search)).toEqual({ kind: 'wait' });
    expect(nextStep([trial(1), { ...final, state: 'failed', error: 'No memory.' }], search)).toEqual({
      kind: 'fail',
      reason: 'No memory.',
    });
  });

  it('that holds out nothing has one training, which is its result', () => {
    const final = trial(1, { kind: 'final' });
    expect(nextStep([final], undefined)).toEqual({ kind: 'finish', best: final, final });
  });
});
