import { Type, type Static } from 'typebox';
import { Milliseconds } from '@roofshot/runtime/durations';

export const ExperimentsConfig = Type.Object({
  /** Analyses of what is open begin at most so often, however many batches are folded. */
  analyseEvery: Milliseconds({ minimum: 1, default: 50 }),
});
export type ExperimentsSettings = Static<typeof ExperimentsConfig>;
