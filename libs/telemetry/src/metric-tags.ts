/**
 * The only tags there are. Each has few values that someone chose: names of declared resources, outcomes, kinds. An id never
 * becomes a tag (each new value is a new series to the server), so no id is on the list and values that look like one are refused.
 */
export const TAG_NAMES = [
  'action',
  'adapter',
  'command',
  'decision',
  'deployment',
  'experiment',
  'group',
  'guardrail',
  'kind',
  'method',
  'metric',
  'model',
  'operation',
  'outcome',
  'partition',
  'pool',
  'reason',
  'route',
  'stage',
  'status',
  'store',
  'topic',
  'type',
  'variant',
  'verdict',
  'version',
  'view',
] as const;

export type TagName = (typeof TAG_NAMES)[number];

/** Stands for a value that looked like an id. */
export const REFUSED_VALUE = 'id-refused';

/** Stands for an empty value, which servers would refuse or take for a missing tag. */
export const NO_VALUE = 'none';

/** Stands for the values of all series beyond a metric's bound. */
export const OTHER_VALUE = 'other';

/** Long enough for every name that the platform allows a resource, short enough for a datagram. */
const MAX_VALUE_LENGTH = 64;

/** UUID and ULID; 12 or more hex digits among which is a number; 9 or more decimal digits: ids, hashes, times, never a chosen name. */
const LOOKS_LIKE_ID =
  /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-|^[0-9A-HJKMNP-TV-Z]{26}$|(^|[^0-9a-z])(?=[a-f]*[0-9])[0-9a-f]{12,}($|[^0-9a-z])|[0-9]{9,}/i;

/** A tag's value as it is sent: `id-refused` where it looks like an id, `none` where it is empty, at most 64 characters. */
export function boundTagValue(value: string): string {
  const bounded = value.slice(0, MAX_VALUE_LENGTH);
  return LOOKS_LIKE_ID.test(bounded) ? REFUSED_VALUE : bounded || NO_VALUE;
}
