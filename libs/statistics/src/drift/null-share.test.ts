import { measureNullShare } from './null-share.ts';

describe('the share of nulls', () => {
  test('that was 0 and is 3 % is a drift that many rows make sure of and few do not', () => {
    const none = { values: 100_000, nulls: 0 };
    expect(measureNullShare(none, { values: 9700, nulls: 300 })).toMatchObject({ statistic: 0.03, n: [100_000, 10_000] });
    expect(measureNullShare(none, { values: 9700, nulls: 300 }).atLeast).toBeGreaterThan(0.2);
    expect(measureNullShare(none, { values: 97, nulls: 3 }).atLeast).toBeLessThan(0.2);
  });

  test('that is none, or all, on both sides is no drift', () => {
    expect(measureNullShare({ values: 5, nulls: 0 }, { values: 9, nulls: 0 })).toMatchObject({ statistic: 0, effect: 0, pValue: 1 });
    expect(measureNullShare({ values: 0, nulls: 5 }, { values: 0, nulls: 9 })).toMatchObject({ statistic: 0, effect: 0, pValue: 1 });
  });

  test('is refused of no rows', () => {
    expect(() => measureNullShare({ values: 5, nulls: 0 }, { values: 0, nulls: 0 })).toThrow(
      'There are 5 rows at training and 0 in serving',
    );
  });
});
