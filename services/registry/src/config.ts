import { Type } from 'typebox';

export const RegistryConfig = Type.Object({
  /** For models whose resource sets no limits of its own. */
  ADMISSION_MAX_MEMORY_MB: Type.Integer({ minimum: 1024, default: 1536 }),
  ADMISSION_MAX_SECONDS: Type.Integer({ minimum: 1, default: 60 }),
  ADMISSION_MAX_MB: Type.Integer({ minimum: 1, default: 512 }),
});
