/** Named scalars, shared by every contract. */
import { Type, type Static } from 'typebox';

/** A resource's name: lower-case letters, digits, dots and hyphens, so that it can be a topic's, a queue's and a path's part. */
export const Name = Type.String({
  pattern: '^[a-z0-9]([a-z0-9.-]{0,78}[a-z0-9])?$',
});
export type Name = Static<typeof Name>;

/** RFC 3339 with an offset; no leap second, which the clocks of the platform do not have (see validate.ts). */
export const Timestamp = Type.String({ format: 'date-time' });
/** A whole number of seconds, minutes, hours or days: `30s`, `5m`, `24h`, `7d`. */
export const Duration = Type.String({ pattern: '^[1-9][0-9]*(s|m|h|d)$' });
export const Probability = Type.Number({ minimum: 0, maximum: 1 });
/** An expression in CEL (Common Expression Language). */
export const Expression = Type.String({ minLength: 1, maxLength: 2000 });

export const SubjectId = Type.String({ minLength: 1, maxLength: 512 });
export const UnitId = Type.String({ minLength: 1, maxLength: 512 });
/** No control characters: ids go into logs, headers and database texts as they are. */
const PRINTABLE = '^[^\\u0000-\\u001f\\u007f]*$';
export const RunId = Type.String({ minLength: 1, maxLength: 128, pattern: PRINTABLE });
export const TrialId = Type.String({ minLength: 1, maxLength: 160, pattern: PRINTABLE });
/** Why somebody asks for something, in words. Any text but U+0000, which no database text holds. */
export const Reason = Type.String({ minLength: 1, maxLength: 4000, pattern: '^[^\\u0000]*$' });
/** Who asks for it. */
export const Actor = Type.String({ minLength: 1, maxLength: 200, pattern: PRINTABLE });

/** Counts up from 1, in a column of 32 bits. */
export const Ordinal = Type.Integer({ minimum: 1, maximum: 2_147_483_647 });
export const ModelName = Name;
/** Versions of a model count up from 1. */
export const ModelVersion = Ordinal;
/** The key of an object in the object store: `sha256/<hex>`, so that content and key cannot disagree. */
export const ObjectKey = Type.String({ pattern: '^[a-z0-9/_.-]{3,200}$' });
