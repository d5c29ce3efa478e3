import { checkGates } from './gates.ts';

describe('gates of a model', () => {
  it('pass a metric within its bounds, the bounds included', () => {
    expect(checkGates([{ metric: 'auc', min: 0.7, max: 0.9 }], { auc: 0.7 })).toEqual([
      { name: 'auc ≥ 0.7 and ≤ 0.9', passed: true, detail: 'It is 0.7.' },
    ]);
  });

  it('refuse a metric beyond a bound, and say its value', () => {
    expect(checkGates([{ metric: 'log_loss', max: 0.5 }], { log_loss: 0.51 })).toEqual([
      { name: 'log_loss ≤ 0.5', passed: false, detail: 'It is 0.51.' },
    ]);
  });

  it('refuse a version whose run did not report the metric, and name those that it did', () => {
    const [check] = checkGates([{ metric: 'auc', min: 0.7 }], { log_loss: 0.4 });
    expect(check).toMatchObject({ passed: false, detail: expect.stringContaining('log_loss') });
  });
});
