import { testSrm, testSrmExact, type SrmInput } from './srm.ts';
import { disagreements, readVectors } from '../test/vectors.ts';

interface Case extends SrmInput {
  readonly pValue: number;
  readonly statistic: number;
}
const vectors = readVectors<{ chiSquare: Case[]; exact: Case[] }>('srm');

describe('sample ratio mismatch', () => {
  test('chi-square agrees with scipy for two and more arms', () => {
    expect(disagreements(vectors.chiSquare, (row) => [testSrm(row).pValue, row.pValue], 1e-9)).toEqual([]);
    expect(disagreements(vectors.chiSquare, (row) => [testSrm(row).statistic ?? NaN, row.statistic], 1e-9)).toEqual([]);
  });

  test('the exact test agrees with scipy, from a handful to a million units', () => {
    expect(disagreements(vectors.exact, (row) => [testSrmExact(row).pValue, row.pValue], 1e-9)).toEqual([]);
  });

  test('a real split of 13,703 to 13,533 is no mismatch, one of 14,500 to 12,700 is', () => {
    expect(testSrm({ observed: [13_703, 13_533], weights: [0.5, 0.5] })).toMatchObject({ mismatch: false });
    expect(testSrm({ observed: [14_500, 12_700], weights: [0.5, 0.5] })).toMatchObject({ mismatch: true });
  });

  test('an intended 95/5 split is judged against 95/5', () => {
    expect(testSrm({ observed: [9500, 500], weights: [95, 5] })).toEqual({ pValue: 1, statistic: 0, mismatch: false });
    expect(testSrm({ observed: [9500, 500], weights: [1, 1] }).mismatch).toBe(true);
  });

  test('units in an arm that takes none are a mismatch without a test, and an idle arm counts for nothing', () => {
    const certain = { pValue: 0, statistic: null, mismatch: true };
    expect(testSrm({ observed: [100, 1, 100], weights: [1, 0, 1] })).toEqual(certain);
    expect(testSrmExact({ observed: [100, 1], weights: [1, 0] })).toEqual(certain);
    expect(testSrm({ observed: [90, 0, 110], weights: [1, 0, 1] }).pValue).toBe(testSrm({ observed: [90, 110], weights: [1, 1] }).pValue);
    expect(testSrm({ observed: [90, 0], weights: [1, 0] })).toEqual({ pValue: 1, statistic: 0, mismatch: false });
  });

  test('the error probability is the caller’s', () => {
    const split = { observed: [560, 440], weights: [1, 1] };
    expect(testSrm(split, 0.01).mismatch).toBe(true);
    expect(testSrm(split, 1e-5).mismatch).toBe(false);
  });

  test('faulty splits are refused with what is wrong', () => {
    expect(() => testSrm({ observed: [1, 2], weights: [1] })).toThrow('2 counts and 1 weights are given');
    expect(() => testSrm({ observed: [1, 2], weights: [0, 0] })).toThrow('The weights 0, 0 are no split');
    expect(() => testSrm({ observed: [1, 2], weights: [-1, 2] })).toThrow('no split');
    expect(() => testSrm({ observed: [0, 0], weights: [1, 1] })).toThrow('No unit has been seen in any arm yet');
    expect(() => testSrm({ observed: [1.5, 2], weights: [1, 1] })).toThrow('the count of arm 0 is 1.5');
    expect(() => testSrmExact({ observed: [1, 2, 3], weights: [1, 1, 1] })).toThrow('The exact test is for two arms, but 3 are given');
  });
});
