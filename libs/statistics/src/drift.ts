import { categoryCells, type CategoryProfile } from './drift/category-profile.ts';
import { compareProfiles } from './drift/cdf-comparison.ts';
import { measureKolmogorovSmirnov, measureWasserstein } from './drift/cdf-distance.ts';
import { measureChiSquare, measureJensenShannon, measurePsi } from './drift/divergence-measures.ts';
import { countRows, differentKinds, type FeatureProfile } from './drift/feature-profile.ts';
import { DRIFT_ALPHA, type DriftMeasure, type Measured } from './drift/measured.ts';
import { measureNullShare } from './drift/null-share.ts';
import { binCells, standardDeviation, type NumericProfile } from './drift/numeric-profile.ts';
import { sayVerdict } from './drift/sentence.ts';
import { rankMeasures, type DriftStrength, type OwnThresholds } from './drift/standing.ts';
import { StatisticsError, type StatisticsErrorCode } from './errors.ts';
import { requireAlpha } from './interval.ts';

export interface DriftOptions {
  /** Error probability of each measure's lower bound; `DRIFT_ALPHA` if not given. */
  readonly alpha?: number;
  /** In place of `DRIFT_THRESHOLDS`; a measure with null is told, but does not decide. */
  readonly thresholds?: OwnThresholds;
}

export interface DriftVerdict {
  readonly verdict: DriftStrength;
  /** The measure that is furthest above its threshold; null where none is. */
  readonly by: DriftMeasure | null;
  /** For people: what was found, how sure it is, and what changed. */
  readonly sentence: string;
  readonly measures: readonly Measured[];
  /** Measures that the data allow no answer of, each with the reason. */
  readonly unmeasured: readonly { readonly measure: DriftMeasure; readonly reason: string }[];
}

type Questions = Readonly<Partial<Record<DriftMeasure, () => Measured>>>;

function askNumeric(reference: NumericProfile, current: NumericProfile, alpha: number): Questions {
  const cells = binCells(reference, current);
  return {
    psi: () => measurePsi(cells, alpha),
    'jensen-shannon': () => measureJensenShannon(cells, alpha),
    'kolmogorov-smirnov': () => measureKolmogorovSmirnov(compareProfiles(reference, current), alpha),
    wasserstein: () => measureWasserstein(compareProfiles(reference, current), standardDeviation(reference), alpha),
    'null-share': () => measureNullShare(countRows(reference), countRows(current), alpha),
  };
}

function askCategorical(reference: CategoryProfile, current: CategoryProfile, alpha: number): Questions {
  const cells = categoryCells(reference, current);
  return {
    psi: () => measurePsi(cells, alpha),
    'jensen-shannon': () => measureJensenShannon(cells, alpha),
    'chi-square': () => measureChiSquare(cells, alpha),
    'null-share': () => measureNullShare(countRows(reference), countRows(current), alpha),
  };
}

function ask(reference: FeatureProfile, current: FeatureProfile, alpha: number): Questions {
  if (reference.kind === 'numeric' && current.kind === 'numeric') return askNumeric(reference, current, alpha);
  if (reference.kind === 'categorical' && current.kind === 'categorical') return askCategorical(reference, current, alpha);
  throw differentKinds(reference, current);
}

/** Of data, not of how they were asked: these leave one measure out, others end the judgement. */
const UNANSWERABLE: readonly StatisticsErrorCode[] = ['too-few-units', 'zero-variance', 'out-of-range'];

interface Answers {
  readonly measures: Measured[];
  readonly unmeasured: { readonly measure: DriftMeasure; readonly reason: string }[];
}

function answer(questions: Questions): Answers {
  const answers: Answers = { measures: [], unmeasured: [] };
  for (const [name, measure] of Object.entries(questions)) {
    try {
      answers.measures.push(measure());
    } catch (error) {
      // Without a row there is no judgement at all, and the share of nulls is what every row has.
      if (name === 'null-share' || !(error instanceof StatisticsError) || !UNANSWERABLE.includes(error.code)) throw error;
      answers.unmeasured.push({ measure: name as DriftMeasure, reason: error.message });
    }
  }
  return answers;
}

/**
 * Whether a feature's distribution in serving is another one than at training. It is where any measure's effect is *surely* above
 * its threshold: the lower confidence bound of the effect, and not its estimate, is compared. So a difference too small to matter
 * never fires, however many values show it, and neither does one that chance may explain, however large it looks. Rows are taken to be
 * independent. A measure errs with a probability of about `alpha` where the true effect is just below its threshold, and more seldom
 * where nothing drifts.
 *
 * Throws `too-few-units` where a side has no rows, `invalid-input` for profiles that cannot be compared, `invalid-option`.
 */
export function judgeDrift(reference: FeatureProfile, current: FeatureProfile, options: DriftOptions = {}): DriftVerdict {
  const alpha = requireAlpha(options.alpha ?? DRIFT_ALPHA, 0.5);
  const { measures, unmeasured } = answer(ask(reference, current, alpha));
  const [first] = rankMeasures(measures, options.thresholds ?? {});
  const verdict = first?.strength ?? 'none';
  const by = first === undefined || verdict === 'none' ? null : first.measured.measure;
  return { verdict, by, sentence: sayVerdict(first, reference, current), measures, unmeasured };
}
