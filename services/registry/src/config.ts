import { Milliseconds } from '@roofshot/runtime/durations';
import { Type } from 'typebox';

export const RegistryConfig = Type.Object({
  /** For models whose resource sets no limits of its own. */
  admissionMaxMemoryMb: Type.Integer({ minimum: 1024, default: 1536 }),
  admissionMaxSeconds: Type.Integer({ minimum: 1, default: 60 }),
  admissionMaxMb: Type.Integer({ minimum: 1, default: 512 }),
  /** Opening a file, and asking it the most rows that are asked at once: meanwhile a process of serving does nothing else. */
  admissionMaxLoad: Milliseconds({ minimum: 1, default: 5_000 }),
  admissionMaxRun: Milliseconds({ minimum: 1, default: 1_000 }),
});
