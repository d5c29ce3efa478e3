/** What one line of the spool says: everything that one answered request has to tell, under the request's trace. */
import type { DataOf } from '@roofshot/contracts/define';
import { ExposureRecorded, PredictionServed, ShadowScored } from '@roofshot/contracts/predictions';
import { Timestamp } from '@roofshot/contracts/ids';
import { validatorOf } from '@roofshot/contracts/validate';
import { Type, type Static } from 'typebox';

export type Served = DataOf<typeof PredictionServed>;
export type Shadowed = DataOf<typeof ShadowScored>;
export type Exposed = DataOf<typeof ExposureRecorded>;

/** A request's answers; or the answers of its shadows. Everything happens, in event time, at its prediction's `asOf`. */
const SpoolEntry = Type.Object({
  cause: Type.Object({ correlationid: Type.Optional(Type.String()), traceparent: Type.Optional(Type.String()) }),
  served: Type.Array(PredictionServed.schema),
  exposed: Type.Array(Type.Object({ asOf: Timestamp, data: ExposureRecorded.schema })),
  shadowed: Type.Array(ShadowScored.schema),
});
export type SpoolEntry = Omit<Static<typeof SpoolEntry>, 'served' | 'exposed' | 'shadowed'> & {
  readonly served: readonly Served[];
  readonly exposed: readonly { readonly asOf: string; readonly data: Exposed }[];
  readonly shadowed: readonly Shadowed[];
};

/** One line without its end; JSON has no line breaks of its own. */
export function encodeEntry(entry: SpoolEntry): string {
  return JSON.stringify(entry);
}

/** Undefined for a line that was damaged on the disk (a power cut may leave gaps in what was not yet synced). */
export function decodeEntry(text: string): SpoolEntry | undefined {
  try {
    const entry: unknown = JSON.parse(text);
    return validatorOf(SpoolEntry).check(entry) ? (entry as SpoolEntry) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
