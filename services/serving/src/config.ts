import { Milliseconds } from '@roofshot/runtime/durations';
import { Type, type Static } from 'typebox';

export const ServingConfig = Type.Object({
  /** Stored values that have not come by then count as not found; the answer does not wait longer. */
  featuresTimeout: Milliseconds({ default: 500 }),
  /** Answers that wait for the event log; above it predictions are refused. */
  spoolMaxMb: Type.Integer({ minimum: 1, default: 1024 }),
  spoolSegmentMb: Type.Integer({ minimum: 1, default: 16 }),
  /** Vectors that may wait for the shadows; further ones are dropped and counted. */
  shadowQueue: Type.Integer({ minimum: 0, default: 10_000 }),
  /** Versions kept loaded because the Open Inference Protocol asked for them, beside those of deployments. */
  inferVersions: Type.Integer({ minimum: 1, default: 4 }),
});
export type ServingSettings = Static<typeof ServingConfig>;
