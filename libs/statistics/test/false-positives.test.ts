import { meanArm } from '../src/effect.ts';
import { groupSequentialBounds } from '../src/group-sequential.ts';
import { mergeMoments, NO_MOMENTS, type Moments } from '../src/moments.ts';
import { testMsprt } from '../src/msprt.ts';
import { testPairedSequentially } from '../src/paired.ts';
import { testSequentially } from '../src/sequential.ts';
import { testWelch } from '../src/welch.ts';
import { uniformSource } from './vectors.ts';

const HISTORIES = 1000;
const LOOKS = 20;
const PER_LOOK = 100;
const ALPHA = 0.05;
/** Three standard errors of a share of 5 % among the histories. */
const SLACK = 3 * Math.sqrt((ALPHA * (1 - ALPHA)) / HISTORIES);

/** The moments of 100 skewed (exponential) values, two columns of which are compared although nothing differs. */
function nextBatch(uniform: () => number): Moments {
  let [sum, squares] = [0, 0];
  for (let i = 0; i < PER_LOOK; i++) {
    const value = -Math.log(uniform());
    sum += value;
    squares += value * value;
  }
  return { n: PER_LOOK, mean: sum / PER_LOOK, m2: squares - (sum * sum) / PER_LOOK };
}

const BOUNDS = groupSequentialBounds(
  Array.from({ length: LOOKS }, (_, look) => (look + 1) / LOOKS),
  { alpha: ALPHA, sides: 2 },
);

/** Which methods ever called a difference significant, looking 20 times, where there is none. */
function watchOnce(uniform: () => number): ReadonlySet<string> {
  const called = new Set<string>();
  let [control, treatment, differences] = [NO_MOMENTS, NO_MOMENTS, NO_MOMENTS];
  for (let look = 0; look < LOOKS; look++) {
    const [c, t] = [nextBatch(uniform), nextBatch(uniform)];
    [control, treatment] = [mergeMoments(control, c), mergeMoments(treatment, t)];
    differences = mergeMoments(differences, { n: PER_LOOK, mean: t.mean - c.mean, m2: t.m2 + c.m2 });
    const arms = [meanArm(control), meanArm(treatment)] as const;
    const fixed = testWelch(...arms, { differenceType: 'absolute' });
    const pValues = {
      'fixed test': fixed.pValue,
      'confidence sequence': testSequentially(...arms, { tuningParameter: 2000 }).pValue,
      mSPRT: testMsprt(...arms, { tau2: 0.01 }).pValue,
      'paired sequence': testPairedSequentially(differences, { tuningParameter: 1000 }).pValue,
    };
    for (const [method, pValue] of Object.entries(pValues)) if (pValue < ALPHA) called.add(method);
    if (Math.abs(fixed.effect / fixed.stdError) > BOUNDS[look]!) called.add('group sequential');
  }
  return called;
}

describe('false alarms of a thousand experiments without an effect, looked at 20 times', () => {
  const uniform = uniformSource(2001);
  const histories = Array.from({ length: HISTORIES }, () => watchOnce(uniform));
  const share = (method: string): number => histories.filter((called) => called.has(method)).length / HISTORIES;

  test('a fixed test that is looked at again and again raises four times too many', () => {
    expect(share('fixed test')).toBeGreaterThan(4 * ALPHA);
  });

  test.each(['confidence sequence', 'mSPRT', 'paired sequence'])('the %s keeps its error probability at every look', (method) => {
    expect(share(method)).toBeLessThanOrEqual(ALPHA + SLACK);
  });

  test('group sequential boundaries spend theirs, no more and not much less', () => {
    expect(share('group sequential')).toBeLessThanOrEqual(ALPHA + SLACK);
    expect(share('group sequential')).toBeGreaterThanOrEqual(ALPHA - SLACK);
  });
});
