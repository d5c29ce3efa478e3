import { StatisticsError } from '../errors.ts';
import { countValues, mergeCategoryProfiles, type CategoryProfile } from './category-profile.ts';
import type { NullCounts } from './null-share.ts';
import { mergeNumericProfiles, type NumericProfile } from './numeric-profile.ts';

/** What is kept of one feature on one side. */
export type FeatureProfile = NumericProfile | CategoryProfile;

/** Rows with a value, and rows without. */
export function countRows(profile: FeatureProfile): NullCounts {
  return { values: profile.kind === 'numeric' ? profile.moments.n : countValues(profile), nulls: profile.nulls };
}

/** The refusal where one side is numbers and the other categories. */
export function differentKinds(a: FeatureProfile, b: FeatureProfile): StatisticsError {
  return new StatisticsError(
    'invalid-input',
    `One profile of the feature is ${a.kind} and the other ${b.kind}; count both by the type that it was trained with.`,
  );
}

/** The profile of two disjoint sets of rows together; the order does not matter. */
export function mergeProfiles(a: FeatureProfile, b: FeatureProfile): FeatureProfile {
  if (a.kind === 'numeric' && b.kind === 'numeric') return mergeNumericProfiles(a, b);
  if (a.kind === 'categorical' && b.kind === 'categorical') return mergeCategoryProfiles(a, b);
  throw differentKinds(a, b);
}
