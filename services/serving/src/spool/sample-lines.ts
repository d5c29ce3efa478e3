/** Answers and lines of the spool, for tests. */
import { encodeEntry, type Served, type SpoolEntry } from './entries.ts';

export const served = (predictionId: string, over: Partial<Served> = {}): Served => ({
  predictionId,
  deployment: 'd',
  unit: 'u',
  asOf: '2001-01-15T12:00:00.000Z',
  entities: {},
  context: {},
  featureService: 'f',
  featureServiceGeneration: 1,
  features: {},
  statuses: {},
  featureAgeSeconds: 0,
  degraded: false,
  variant: 'v',
  propensity: 1,
  model: 'm',
  version: 1,
  fallback: false,
  score: 0.5,
  decision: 'none',
  timings: { featuresMs: 0, computeMs: 0 },
  ...over,
});

/** A line of one request. */
export const lineWith = (...answers: Served[]): string =>
  encodeEntry({ cause: {}, served: answers, exposed: [], shadowed: [] } satisfies SpoolEntry);
export const lineOf = (...ids: string[]): string => lineWith(...ids.map((id) => served(id)));
