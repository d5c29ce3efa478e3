/** Synthetic flights with a known truth, as serving and ingestion would put them on the log. */
import { assign } from '@roofshot/assignment/allocation';
import { topicOf } from '@roofshot/contracts/events';
import { exposures, predictions } from '@roofshot/contracts/predictions';
import { encodeEvent } from '@roofshot/messaging/cloud-event-codec';
import type { OutgoingRecord } from '@roofshot/messaging/events';
import { DEPLOYMENT, EXPERIMENT, HOUR, iso, LANDED, MINUTE, MODEL, MONDAY } from './lab.ts';

export interface Flight {
  readonly unit: string;
  readonly askedAt: number;
  readonly landedAt: number;
  readonly delay: number;
  /** A feature that was known before the answer. */
  readonly share: number | null;
  readonly variant: 'control' | 'treatment';
  readonly decision: 'warn' | 'none';
}

/** A random number in [0, 1) that is the same in every run (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export const variantOf = (unit: string): 'control' | 'treatment' => {
  const document = {
    experiment: EXPERIMENT,
    configVersion: 1,
    phase: 1,
    state: 'running' as const,
    seed: 'exp-1',
    hashVersion: 2 as const,
    coverage: 1,
    variants: [
      { name: 'control', weight: 0.5 },
      { name: 'treatment', weight: 0.5 },
    ],
  };
  const assigned = assign(document, unit);
  return assigned.inExperiment && assigned.variant === 'treatment' ? 'treatment' : 'control';
};

export interface World {
  /** Probability with which each version decides rightly. */
  readonly skill: Readonly<Record<'control' | 'treatment', number>>;
  readonly lateShare?: number;
  readonly from?: number;
  readonly days?: number;
  readonly seed?: number;
  readonly prefix?: string;
}

/** Flights spread evenly over the days; a share of them is late. */
export function makeFlights(count: number, { skill, lateShare = 0.25, from = MONDAY, days = 7, seed = 1, prefix = 'F' }: World): Flight[] {
  const random = seeded(seed);
  return Array.from({ length: count }, (_, index) => {
    const unit = `${prefix}${seed}-${index}`;
    const askedAt = from + Math.floor(((index + random()) / count) * days * 24 * HOUR);
    const isLate = random() < lateShare;
    const variant = variantOf(unit);
    const isRight = random() < skill[variant];
    return {
      unit,
      askedAt,
      landedAt: askedAt + 30 * MINUTE + Math.floor(random() * 4 * HOUR),
      delay: isLate ? 16 + Math.floor(random() * 100) : Math.floor(random() * 16),
      share: random() < 0.02 ? null : (isLate ? 0.3 : 0.2) + 0.2 * random(),
      variant,
      decision: isLate === isRight ? 'warn' : 'none',
    };
  });
}

export const costOf = (decision: string, delay: number): number =>
  delay > 15 ? (decision === 'warn' ? 0 : 4) : decision === 'warn' ? 1 : 0;

const envelope = { specversion: '1.0', source: '/tests' } as const;

export const predictionId = (unit: string, askedAt: number): string => `${unit}@${askedAt}`;

export interface Answering {
  readonly version?: number;
  readonly degraded?: boolean;
  /** Outside of every experiment. */
  readonly isFree?: boolean;
  readonly phase?: number;
  /** When the platform heard of it; default: when it was asked. */
  readonly knownAt?: number;
}

export function answered({ unit, askedAt, decision, share, variant }: Flight, options: Answering = {}): OutgoingRecord {
  const { version = variant === 'treatment' ? 2 : 1, degraded = false, isFree = false, phase = 1, knownAt = askedAt } = options;
  const data = {
    predictionId: predictionId(unit, askedAt),
    deployment: DEPLOYMENT,
    unit,
    asOf: iso(askedAt),
    entities: {},
    context: {},
    featureService: 'risk',
    featureServiceGeneration: 1,
    features: { share },
    statuses: {},
    featureAgeSeconds: 60,
    degraded,
    variant,
    ...(!isFree && { experiment: EXPERIMENT, phase, configVersion: 1 }),
    propensity: 0.5,
    model: MODEL,
    version,
    fallback: false,
    score: 0.3,
    decision,
    timings: { featuresMs: 1, computeMs: 1 },
  };
  const id = `answer-${data.predictionId}`;
  const times = { time: data.asOf, knowntime: iso(knownAt) };
  return encodeEvent({ topic: predictions.name, key: unit }, { ...envelope, ...times, id, type: 'prediction.served', data });
}

export function shadowed({ unit, askedAt }: Flight, decision: string, { version = 1, alias = 'shadow' } = {}): OutgoingRecord {
  const data = {
    predictionId: predictionId(unit, askedAt),
    deployment: DEPLOYMENT,
    unit,
    asOf: iso(askedAt),
    alias,
    model: MODEL,
    version,
    score: 0.2,
    decision,
  };
  const id = `shadow-${data.predictionId}`;
  const times = { time: data.asOf, knowntime: data.asOf };
  return encodeEvent({ topic: predictions.name, key: unit }, { ...envelope, ...times, id, type: 'shadow.scored', data });
}

export function exposed({ unit, askedAt, variant }: Flight, { phase = 1 } = {}): OutgoingRecord {
  const data = {
    unit,
    experiment: EXPERIMENT,
    phase,
    variant,
    propensity: 0.5,
    configVersion: 1,
    predictionId: predictionId(unit, askedAt),
    deployment: DEPLOYMENT,
  };
  const id = `exposed-${data.predictionId}`;
  const times = { time: iso(askedAt), knowntime: iso(askedAt) };
  return encodeEvent({ topic: exposures.name, key: unit }, { ...envelope, ...times, id, type: 'exposure.recorded', data });
}

export function landed({ unit, landedAt, delay }: Flight): OutgoingRecord {
  const time = iso(landedAt);
  return encodeEvent(
    { topic: topicOf(LANDED), key: unit },
    { ...envelope, id: `${unit}#landed`, type: LANDED, subject: unit, time, knowntime: time, data: { flight: unit, delay, origin: 'ORD' } },
  );
}

/** All that is said about flights in an experiment, in the order of event time. */
export const allOf = (flights: readonly Flight[]): OutgoingRecord[] => [
  ...flights.flatMap((flight) => [answered(flight), exposed(flight)]),
  ...flights.map(landed),
];

export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const list = [...items];
  for (let last = list.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [list[last], list[other]] = [list[other] as T, list[last] as T];
  }
  return list;
}
