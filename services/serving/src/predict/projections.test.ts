import type { ServicePlan } from '@roofshot/feature-defs/service-plan';
import type { LoadedVersion } from '../models/loaded-versions.ts';
import { describeMissing, matrixOf } from './projections.ts';

test('a row of the matrix has the signature’s features in its order, and NaN where a value is not known', () => {
  const matrix = matrixOf(
    [
      [1, 2, 3],
      [4, null, 6],
    ],
    [2, 1],
  );
  expect([...matrix]).toEqual([3, 2, 6, NaN]);
});

test('what a version lacks is told apart from what is no number', () => {
  const plan = { name: 'visits', columns: [{ name: 'user__last_page_1h', dtype: 'string' }] } as unknown as ServicePlan;
  const version = { model: 'churn', version: 3 } as LoadedVersion;
  expect(describeMissing(plan, version, ['user__last_page_1h', 'user__count_1h'])).toBe(
    'version 3 of churn needs user__count_1h, which FeatureService visits does not have; ' +
      'version 3 of churn needs numbers, which user__last_page_1h (string) of FeatureService visits are not',
  );
});
