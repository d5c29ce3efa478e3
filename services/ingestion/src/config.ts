import { Type } from 'typebox';
import { Duration } from '@roofshot/contracts/ids';

export const IngestionConfig = Type.Object({
  /** How long (source, id) is recognised as a repeat, from the time at which it was accepted. */
  duplicateHorizon: Type.String({ ...Duration, default: '7d' }),
  /** How long refused events are kept to be worked on, from their receipt. */
  quarantineRetention: Type.String({ ...Duration, default: '30d' }),
  /** Bodies that are being read or committed; above it requests are told to come again (503). */
  maxInFlightMb: Type.Integer({ minimum: 1, default: 64 }),
  /** `required`: events without a write key are refused (401). With `optional` a key that is sent must be a valid one all the same. */
  writeKeys: Type.Union([Type.Literal('optional'), Type.Literal('required')], { default: 'optional' }),
});
