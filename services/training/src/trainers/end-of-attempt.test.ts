import { endOf, type Told } from './end-of-attempt.ts';

const model: NonNullable<Told['model']> = { type: 'model', path: 'm', signature: { inputs: [], output: 'p' }, sha256: '', bytes: 1 };
const failure = (kind: string): Told['failure'] => ({
  type: 'failed',
  kind,
  error: 'ValueError: too few rows',
  traceback: '',
  hint: 'Take more.',
});
const told = (over: Partial<Told>): Told => ({ isFinished: false, stopped: undefined, ended: { code: 0 }, silenceMs: 60_000, ...over });

describe("the end of a trial's process means", () => {
  it('finished when it reported its result, also when it was ended just then', () => {
    expect(endOf(told({ isFinished: true, model })).kind).toBe('finished');
    expect(endOf(told({ isFinished: true, model, stopped: 'released', ended: { code: -9 } })).kind).toBe('finished');
  });

  it('failed, with error and remedy as sentences, when the trainer explained itself', () => {
    expect(endOf(told({ failure: failure('code'), ended: { code: 1 } }))).toEqual({
      kind: 'failed',
      reason: 'ValueError: too few rows. Take more.',
    });
    expect(endOf(told({ failure: failure('deadline'), ended: { code: 124 } })).kind).toBe('failed');
  });

  it('lost when it left no word, whoever ended it', () => {
    expect(endOf(told({ ended: { code: -9 } }))).toEqual({
      kind: 'lost',
      reason: 'Its process ended without a result: SIGKILL, most often for want of memory.',
    });
    expect(endOf(told({ ended: { code: 70 } })).kind).toBe('lost');
    expect(endOf(told({ failure: failure('cancelled'), ended: { code: 143 } })).kind).toBe('lost');
    expect(endOf(told({ stopped: 'silent', ended: { code: -9 } })).reason).toContain('said nothing for 60 s');
  });

  it('released when we ended it', () => {
    expect(endOf(told({ failure: failure('cancelled'), stopped: 'released', ended: { code: 143 } })).kind).toBe('released');
  });

  it('failed when Python cannot start at all, lost when its server was ended', () => {
    expect(endOf(told({ ended: { reason: 'No Python.', isUnusable: true } }))).toEqual({ kind: 'failed', reason: 'No Python.' });
    expect(endOf(told({ ended: { reason: 'SIGKILL', isUnusable: false } })).kind).toBe('lost');
  });
});
