import { bucketRanges, chooseVariant, WEIGHT_TOLERANCE, type BucketRange } from './bucket-ranges.ts';
import { bucketCount, bucketOf, prepareSeed, type HashVersion, type Seed } from './hashing.ts';

/** What an allocation has to say about a variant; a document may say more. */
export interface AllocationVariant {
  readonly name: string;
  readonly weight: number;
}

/** The part of an experiment's allocation document that decides. Documents are values: a change is a new document. */
export interface Allocation {
  readonly experiment: string;
  readonly configVersion: number;
  readonly phase: number;
  readonly state: 'running' | 'stopped';
  /** An empty seed stands for the experiment's name, as in GrowthBook. */
  readonly seed: string;
  readonly hashVersion: HashVersion;
  /** The share of all units that take part. */
  readonly coverage: number;
  /** In hash order: changing the order moves units. */
  readonly variants: readonly AllocationVariant[];
}

interface Decided {
  readonly experiment: string;
  readonly configVersion: number;
  readonly phase: number;
}

export interface Assigned extends Decided {
  readonly inExperiment: true;
  readonly variant: string;
  /** Its place in the document's variants, where what else the document says about it is found. */
  readonly index: number;
  /**
   * The probability with which a unit that takes part gets this variant: its weight. Exact up to the width of a bucket
   * (0.0001 for hash version 2, 0.001 for version 1), as three equal variants cannot share 10,000 buckets.
   */
  readonly propensity: number;
  /** The unit's number in [0, 1). */
  readonly bucket: number;
}

/** `not-covered`: the unit's bucket is in no variant's range. `no-unit`: there is nothing to hash. */
export type ExclusionReason = 'stopped' | 'not-covered' | 'no-unit';

export interface NotAssigned extends Decided {
  readonly inExperiment: false;
  readonly reason: ExclusionReason;
  /** Null where nothing was hashed. */
  readonly bucket: number | null;
}

export type Assignment = Assigned | NotAssigned;

/** The document contradicts itself; no unit can be assigned by it. */
export class AllocationError extends Error {
  constructor(experiment: string, reason: string) {
    super(`The allocation of experiment ${experiment} cannot be used: ${reason}`);
    this.name = 'AllocationError';
  }
}

/** A document made ready. Each of its at most 10,000 answers is made once and then given out again: treat it as a value. */
export interface CompiledAllocation {
  readonly document: Allocation;
  assign(unit: string): Assignment;
}

/** Throws an `AllocationError` for what GrowthBook would silently replace or ignore, so that no two readers can differ. */
export function compileAllocation(document: Allocation): CompiledAllocation {
  requireUsable(document);
  const decided: Decided = { experiment: document.experiment, configVersion: document.configVersion, phase: document.phase };
  if (document.state !== 'running') {
    const stopped: NotAssigned = { ...decided, inExperiment: false, reason: 'stopped', bucket: null };
    return { document, assign: () => stopped };
  }
  const noUnit: NotAssigned = { ...decided, inExperiment: false, reason: 'no-unit', bucket: null };
  const seed: Seed = prepareSeed(document.seed || document.experiment, document.hashVersion);
  const decide = decider(document, decided);
  const decisions = new Array<Assignment | undefined>(bucketCount(document.hashVersion)).fill(undefined);
  const assignUnit = (unit: string): Assignment => {
    if (unit === '') return noUnit;
    const bucket = bucketOf(unit, seed);
    return (decisions[bucket] ??= decide(bucket));
  };
  return { document, assign: assignUnit };
}

function decider(document: Allocation, decided: Decided): (bucket: number) => Assignment {
  const weights = document.variants.map((variant) => variant.weight);
  const ranges = bucketRanges(weights.length, document.coverage, weights);
  const propensities = propensitiesOf(weights);
  const buckets = bucketCount(document.hashVersion);
  return (whole) => {
    const bucket = whole / buckets;
    const index = chooseVariant(bucket, ranges);
    const variant = document.variants[index];
    if (!variant) return { ...decided, inExperiment: false, reason: 'not-covered', bucket };
    return { ...decided, inExperiment: true, variant: variant.name, index, propensity: propensities[index]!, bucket };
  };
}

/** Weights that add up to 1 but for rounding are the propensities; others by the part of [0, 1) that they reach. */
function propensitiesOf(weights: readonly number[]): readonly number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (Math.abs(total - 1) < 1e-9) return weights;
  const reached = bucketRanges(weights.length, 1, weights).map(([from, to]: BucketRange) => Math.max(0, Math.min(1, to) - from));
  const whole = Math.min(1, total);
  return reached.map((part) => part / whole);
}

function requireUsable(document: Allocation): void {
  const fault = faultOf(document);
  if (fault) throw new AllocationError(document.experiment, fault);
}

function faultOf({ hashVersion, coverage, variants }: Allocation): string | undefined {
  if (hashVersion !== 1 && hashVersion !== 2) return `its hash version is ${String(hashVersion)}; there are 1 and 2.`;
  if (!(coverage >= 0 && coverage <= 1)) return `its coverage is ${coverage}; it lies between 0 and 1.`;
  if (variants.length < 2) return `it has ${variants.length} variants; an experiment compares at least 2.`;
  const twice = variants.find((variant, i) => variants.findIndex((other) => other.name === variant.name) !== i);
  if (twice) return `two of its variants are named ${twice.name}; give each its own name.`;
  const faulty = variants.find(({ weight }) => !(weight >= 0 && weight <= 1));
  if (faulty) return `the weight of ${faulty.name} is ${faulty.weight}; it lies between 0 and 1.`;
  const total = variants.reduce((sum, { weight }) => sum + weight, 0);
  if (total >= 1 - WEIGHT_TOLERANCE && total <= 1 + WEIGHT_TOLERANCE) return undefined;
  return `its weights add up to ${total}; make them add up to 1, and lower the coverage to leave units out.`;
}

const compiled = new WeakMap<Allocation, CompiledAllocation>();

/**
 * The variant of a unit, or why it has none: a pure function of both, the same on every machine and in GrowthBook's SDKs.
 * A document is compiled when it is first met and forgotten with it; a hot loop keeps its own `compileAllocation`.
 */
export function assign(document: Allocation, unit: string): Assignment {
  let allocation = compiled.get(document);
  if (!allocation) compiled.set(document, (allocation = compileAllocation(document)));
  return allocation.assign(unit);
}
