import type { DriftMeasure, Measured } from './measured.ts';
import { DRIFT_THRESHOLDS, requireThreshold, type DriftThreshold } from './thresholds.ts';

export type DriftStrength = 'none' | 'some' | 'strong';

/** A measure beside its threshold. */
export interface Standing {
  readonly measured: Measured;
  readonly threshold: DriftThreshold;
  readonly strength: DriftStrength;
}

/** In place of `DRIFT_THRESHOLDS`; a measure with null does not decide. */
export type OwnThresholds = Readonly<Partial<Record<DriftMeasure, DriftThreshold | null>>>;

const RANK: Readonly<Record<DriftStrength, number>> = { none: 0, some: 1, strong: 2 };

function strengthOf({ atLeast }: Measured, { some, strong }: DriftThreshold): DriftStrength {
  if (atLeast >= strong) return 'strong';
  return atLeast >= some ? 'some' : 'none';
}

/** In thresholds: what is sure where it is above one, or else the estimate. */
function reach({ measured, threshold, strength }: Standing): number {
  return strength === 'none' ? measured.effect / threshold.some : measured.atLeast / threshold[strength];
}

/** The measures that decide, the strongest first; of one strength, what is furthest above (or least below) its threshold. */
export function rankMeasures(measures: readonly Measured[], own: OwnThresholds): Standing[] {
  const standings = measures.flatMap((measured) => {
    const given = own[measured.measure];
    const threshold = given === undefined ? DRIFT_THRESHOLDS[measured.measure] : given;
    if (threshold === null) return [];
    requireThreshold(threshold, measured.measure);
    return [{ measured, threshold, strength: strengthOf(measured, threshold) }];
  });
  return standings.sort((a, b) => RANK[b.strength] - RANK[a.strength] || reach(b) - reach(a));
}
