import type { Static } from 'typebox';
import type { DataOf } from '@roofshot/contracts/define';
import type { AuditAnswer } from '@roofshot/contracts/http/features';
import type { PredictionServed } from '@roofshot/contracts/predictions';
import type { FeatureServiceSpec, FeatureViewSpec } from '@roofshot/contracts/resources/feature-kinds';
import { milliseconds, type Recomputed } from './recompute.ts';

export interface ServedVector {
  /** Of the event, because a question that is asked again under its prediction id is logged again, perhaps for another time. */
  readonly eventId: string;
  readonly prediction: DataOf<typeof PredictionServed>;
  /** Known time of the prediction, epoch milliseconds. */
  readonly servedAt: number;
}

export interface Comparison {
  readonly values: number;
  readonly mismatches: Static<typeof AuditAnswer>['mismatches'];
  /** A reason for each value or vector that was not compared. */
  readonly skipped: readonly string[];
}

/** Sums and shares agree to the last bit; logarithms may differ in it. */
const TOLERANCE = 1e-9;

/** Compares value by value. A vector that was served older than its last whole tile is not expected to agree, and is said to be so. */
export function compareVectors(
  spec: FeatureServiceSpec,
  views: ReadonlyMap<string, FeatureViewSpec>,
  vectors: readonly ServedVector[],
  { values: recomputed, refused }: Recomputed,
): Comparison {
  const shortest = Math.min(...(spec.views ?? []).map(({ view }) => milliseconds(views.get(view)?.tile ?? '1d')));
  const mismatches: Comparison['mismatches'] = [];
  const skipped: string[] = [];
  let values = 0;
  for (const { eventId, prediction } of vectors) {
    if (isStale(prediction, shortest)) {
      skipped.push('served with features older than the last whole tile');
      continue;
    }
    for (const [feature, served] of Object.entries(prediction.features)) {
      const reason = refused.get(feature);
      if (reason !== undefined) {
        skipped.push(reason);
        continue;
      }
      values += 1;
      const expected = recomputed.get(eventId)?.get(feature) ?? null;
      if (!areEqual(served, expected))
        mismatches.push({ predictionId: prediction.predictionId, asOf: prediction.asOf, feature, served, recomputed: expected });
    }
  }
  return { values, mismatches, skipped };
}

function isStale({ asOf, featureAgeSeconds }: ServedVector['prediction'], tile: number): boolean {
  return featureAgeSeconds * 1_000 > Date.parse(asOf) % tile;
}

type Served = ServedVector['prediction']['features'][string];

function areEqual(a: Served, b: Served): boolean {
  if (typeof a === 'number' && typeof b === 'number') return Math.abs(a - b) <= TOLERANCE * Math.max(1, Math.abs(a), Math.abs(b));
  return JSON.stringify(a) === JSON.stringify(b);
}
