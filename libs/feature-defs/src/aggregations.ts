/**
 * Aggregations as exact sums: every value is rounded to 1e-6 and kept as a whole number of millionths, so that adding is
 * exact and the result is the same, bit for bit, whatever the order of arrival and however the parts were merged.
 */
import type { FeatureSpec } from '@roofshot/contracts/resources/feature-kinds';

export type Aggregation = FeatureSpec['aggregation'];

/** Millionths: fine enough for features, coarse enough that sums of large values stay exact. */
export const SCALE = 1_000_000;

/** Values beyond this are refused: no measured quantity is as large, and further on millionths mean nothing to a double. */
export const LARGEST_VALUE = 1e15;

/** A whole number of millionths: a number while it is exact as one, else a bigint. */
export type ExactSum = number | bigint;

/**
 * What one event adds to one feature: the value in millionths; for a share 1 or 0; null is left out.
 * `report` hears of values that cannot be added: then they are left out too.
 */
export function toAddend(aggregation: Aggregation, value: unknown, report: (message: string) => void): number | null {
  if (value === null || value === undefined) return null;
  if (aggregation === 'share') return truthAddend(value, report);
  if (typeof value === 'boolean') return value ? SCALE : 0;
  if (typeof value !== 'number') return refuse(`a ${aggregation} needs numbers and got a ${typeof value}`, report);
  if (Math.abs(value) > LARGEST_VALUE) return refuse(`${value} is beyond ±${LARGEST_VALUE}`, report);
  return roundHalfAway(value * SCALE);
}

function truthAddend(value: unknown, report: (message: string) => void): number | null {
  if (typeof value === 'boolean') return value ? 1 : 0;
  return refuse(`a share needs true or false and got a ${typeof value}`, report);
}

function refuse(message: string, report: (message: string) => void): null {
  report(message);
  return null;
}

/** Halves go away from zero, as SQL rounds, so that an independent recomputation agrees. Never −0. */
function roundHalfAway(value: number): number {
  return Math.sign(value) * Math.round(Math.abs(value)) + 0;
}

/**
 * The value of a window from its exact parts. `events`: all events; `n`, `sum`: of the values that are not null.
 * count and sum over nothing are 0; mean and share over nothing are null.
 */
export function resultOf(aggregation: Aggregation, events: number, n: number, exact: ExactSum): number | null {
  const sum = Number(exact);
  switch (aggregation) {
    case 'count':
      return events;
    case 'sum':
      return sum / SCALE;
    case 'mean':
      return n === 0 ? null : sum / (n * SCALE);
    case 'share':
      return n === 0 ? null : sum / n;
  }
}

/** Adds without rounding. The result is a number exactly when it can be, so that equal sums look equal. */
export function addExactly(a: ExactSum, b: ExactSum): ExactSum {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  const sum = BigInt(a) + BigInt(b);
  return sum >= LEAST_SAFE && sum <= GREATEST_SAFE ? Number(sum) : sum;
}

const GREATEST_SAFE = BigInt(Number.MAX_SAFE_INTEGER);
const LEAST_SAFE = -GREATEST_SAFE;
