/** What is due for a running phase at the progress that event time has made. Pure; `analyst.ts` does it. */
import type { Analysis } from '@roofshot/contracts/experiments';
import { maturityOf, type Decision, type Phase } from '../phases/phase.ts';
import { leastKnown } from '../progress/event-times.ts';
import type { Progress } from '../progress/read-progress.ts';
import { tileOf, tileStart, type SeriesTable } from '../sums/series.ts';
import { analysePhase } from './analyse-phase.ts';
import { decideAtEnd, decideOnHarm } from './decide.ts';
import { lookAtPhase } from './look-at-phase.ts';

/** When the last exposure's window ends. */
export const maturedAt = ({ endsAt, frozen }: Phase): number => endsAt + maturityOf(frozen);

/**
 * The full stretch has been seen and has matured. Answers and exposures come to the log some moments after they left: the decision waits
 * until those from after the end have been seen, or, where nobody asks any more, for as long again as outcomes may take.
 */
export function isMature(phase: Phase, { answers, exposures, outcomes }: Progress): boolean {
  const matured = maturedAt(phase);
  if (outcomes === null || outcomes < matured) return false;
  const asked = leastKnown([answers, exposures]);
  return (asked !== null && asked >= phase.endsAt) || outcomes >= matured + maturityOf(phase.frozen);
}

/** The first tile that may not be complete yet; looks are taken at those before. */
export function completeTile(phase: Phase, { answers, exposures, outcomes }: Progress): number {
  const complete = leastKnown([answers, exposures, outcomes]);
  return complete === null ? 0 : tileOf(phase.frozen.tiling, Math.min(complete, maturedAt(phase)));
}

/** Undefined while the phase goes on. */
export function decidePhase(phase: Phase, series: SeriesTable, progress: Progress): Decision | undefined {
  const looks = lookAtPhase(phase, series, completeTile(phase, progress));
  if (looks.harmedBefore !== null) {
    const analysis = analyseAt(phase, series, looks.harmedBefore);
    return { ...decideOnHarm(phase.frozen, analysis), decidedAt: analysis.asOf, analysis };
  }
  if (!isMature(phase, progress)) return undefined;
  const end = maturedAt(phase);
  const atEnd = lookAtPhase(phase, series, tileOf(phase.frozen.tiling, end));
  const analysis = analysePhase({ phase, series, looks: atEnd, asOf: end });
  return { ...decideAtEnd(phase.frozen, analysis), decidedAt: analysis.asOf, analysis };
}

/** As of the end of the last complete tile: the same on every machine. */
export function analyseAt(phase: Phase, series: SeriesTable, endTile: number): Analysis {
  const looks = lookAtPhase(phase, series, endTile);
  return analysePhase({ phase, series, looks, asOf: tileStart(phase.frozen.tiling, endTile), endTile });
}

/** Everything that is known now. */
export function analyseNow(phase: Phase, series: SeriesTable, progress: Progress): Analysis {
  const looks = lookAtPhase(phase, series, completeTile(phase, progress));
  return analysePhase({ phase, series, looks, asOf: progress.outcomes ?? phase.startedAt });
}
