/** The seven levels of Confluent's registry. */
export const COMPATIBILITY_LEVELS = [
  'BACKWARD',
  'BACKWARD_TRANSITIVE',
  'FORWARD',
  'FORWARD_TRANSITIVE',
  'FULL',
  'FULL_TRANSITIVE',
  'NONE',
] as const;
/**
 * BACKWARD: the new schema reads data of the last version; FORWARD: the last version reads data of the new schema; FULL: both;
 * TRANSITIVE: of every version, not the last alone.
 */
export type CompatibilityLevel = (typeof COMPATIBILITY_LEVELS)[number];

export const isCompatibilityLevel = (value: unknown): value is CompatibilityLevel => COMPATIBILITY_LEVELS.some((level) => level === value);

export const isTransitive = (level: CompatibilityLevel): boolean => level.endsWith('_TRANSITIVE');

/** Whether the new schema must read data of versions before. */
export const readsOlder = (level: CompatibilityLevel): boolean => level.startsWith('BACKWARD') || level.startsWith('FULL');

/** Whether versions before must read data of the new schema. */
export const isReadByOlder = (level: CompatibilityLevel): boolean => level.startsWith('FORWARD') || level.startsWith('FULL');
