import { Type } from 'typebox';
import { Milliseconds } from '@roofshot/runtime/durations';

export const FeaturesConfig = Type.Object({
  /** A snapshot that would have to hold more events in memory than this is refused: about 100 bytes each per view that reads them. */
  snapshotMaxEvents: Type.Integer({ minimum: 1_000, default: 20_000_000 }),
  /** A snapshot whose builder has not been heard of for so long is taken over by another process. */
  snapshotLease: Milliseconds({ minimum: 1_000, default: 30_000 }),
});
