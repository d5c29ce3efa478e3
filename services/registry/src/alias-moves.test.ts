import { rollBackTarget, versionOf, type Move } from './alias-moves.ts';

const moves = (...steps: readonly (readonly [Move['kind'], number | null])[]): Move[] =>
  steps.map(([kind, version], index) => ({ kind, version, previous: null, revision: index + 1 }));

describe('an alias', () => {
  it('names what its last move says, and nothing before the first', () => {
    expect(versionOf([])).toBeNull();
    expect(versionOf(moves(['promoted', 1], ['promoted', 2]))).toBe(2);
  });

  it('rolls back to what it named before the last promotion', () => {
    expect(rollBackTarget(moves(['promoted', 1], ['promoted', 2]))).toBe(1);
  });

  it('rolls back once more after it was set forward again', () => {
    expect(rollBackTarget(moves(['promoted', 1], ['promoted', 2], ['rolled-back', 1], ['promoted', 2]))).toBe(1);
  });

  it('never rolls back to the version that was just taken off', () => {
    expect(rollBackTarget(moves(['promoted', 1], ['promoted', 2], ['rolled-back', 1]))).toBeNull();
    expect(rollBackTarget(moves(['promoted', 1], ['promoted', 2], ['promoted', 3], ['rolled-back', 2]))).toBe(1);
  });

  it('has nothing to roll back to after its first promotion or its removal', () => {
    expect(rollBackTarget(moves(['promoted', 1]))).toBeNull();
    expect(rollBackTarget(moves(['promoted', 1], ['promoted', 2], ['removed', null], ['promoted', 3]))).toBeNull();
  });
});
