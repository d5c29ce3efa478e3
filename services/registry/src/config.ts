import { Type } from 'typebox';

export const RegistryConfig = Type.Object({
  /** For models whose resource sets no limits of its own. */
  admissionMaxMemoryMb: Type.Integer({ minimum: 1024, default: 1536 }),
  admissionMaxSeconds: Type.Integer({ minimum: 1, default: 60 }),
  admissionMaxMb: Type.Integer({ minimum: 1, default: 512 }),
});
