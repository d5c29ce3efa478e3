/** Named scalars, shared by every contract. */
import { Type, type Static } from 'typebox';

/** A resource's name: lower-case letters, digits, dots and hyphens, so that it can be a topic's, a queue's and a path's part. */
export const Name = Type.String({
  pattern: '^[a-z0-9]([a-z0-9.-]{0,78}[a-z0-9])?$',
});
export type Name = Static<typeof Name>;

/** RFC 3339 with an offset. */
export const Timestamp = Type.String({ format: 'date-time' });
/** A whole number of seconds, minutes, hours or days: `30s`, `5m`, `24h`, `7d`. */
export const Duration = Type.String({ pattern: '^[1-9][0-9]*(s|m|h|d)$' });
export const Probability = Type.Number({ minimum: 0, maximum: 1 });
/** An expression in CEL (Common Expression Language). */
export const Expression = Type.String({ minLength: 1, maxLength: 2000 });

export const SubjectId = Type.String({ minLength: 1, maxLength: 512 });
export const UnitId = Type.String({ minLength: 1, maxLength: 512 });
export const RunId = Type.String({ minLength: 1, maxLength: 128 });
export const TrialId = Type.String({ minLength: 1, maxLength: 160 });
export const ModelName = Name;
/** Versions of a model count up from 1. */
export const ModelVersion = Type.Integer({ minimum: 1 });
/** The key of an object in the object store: `sha256/<hex>`, so that content and key cannot disagree. */
export const ObjectKey = Type.String({ pattern: '^[a-z0-9/_.-]{3,200}$' });
