/** When two runs may train on one table: same observations, label, range, knowledge and feature definitions. Pure. */
import { createHash } from 'node:crypto';
import type { TrainingJobSpec } from '@roofshot/contracts/resources/training-job';

export interface SnapshotOrder {
  readonly spec: Pick<TrainingJobSpec, 'featureService' | 'observation' | 'label'>;
  readonly from: Date;
  readonly to: Date;
  readonly asOf: Date;
  /** The feature service and its views as they are declared now: a changed definition is another snapshot. */
  readonly definitions: unknown;
}

const DIGITS = 32;

/** Equal for orders that differ only in the order of keys. */
export function fingerprintOf({ spec, from, to, asOf, definitions }: SnapshotOrder): string {
  const { featureService, observation, label } = spec;
  const times = [from, to, asOf].map((time) => time.toISOString());
  const text = JSON.stringify(sorted([featureService, observation, label, times, definitions]));
  return createHash('sha256').update(text).digest('hex').slice(0, DIGITS);
}

/** The first attempt is named after the content; later ones, after a failure, are counted. */
export function snapshotIdOf(fingerprint: string, attempt: number): string {
  return `snapshot-${fingerprint}${attempt === 1 ? '' : `-${attempt}`}`;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}
