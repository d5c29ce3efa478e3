import { randomFillSync } from 'node:crypto';

/** One step of a request's journey. Ids are lower-case hex and never all zeros: 32 digits for the trace, 16 for the span. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly sampled: boolean;
}

/** Returns `bytes` random bytes as lower-case hex; passed in so that tests can fix the ids. */
export type RandomHex = (bytes: number) => string;

const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;
const SAMPLED = 0x01;

/** version "-" trace-id "-" parent-id "-" trace-flags, then whatever a later version may append after another dash. */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

const ALL_ZEROS = /^0+$/;

/** Drawn many at a time: a call for a few bytes costs as much as one for thousands. */
const pool = Buffer.alloc(4_096);
let used = pool.length;

function cryptoHex(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.toString('hex', used - bytes, used);
}

/** An id of zeros means «none» in W3C trace context, so it is never handed out. */
function nonZeroHex(bytes: number, random: RandomHex): string {
  const id = random(bytes);
  return ALL_ZEROS.test(id) ? nonZeroHex(bytes, cryptoHex) : id;
}

/**
 * Reads a `traceparent` header by the rules of W3C Trace Context (Recommendation, level 1, section 3.2).
 * Returns undefined for everything that the rules call invalid: a repeated header (an array), upper-case digits, version `ff`,
 * ids of zeros, bytes after the flags of version 00. Later versions are read as far as version 00 is known.
 */
export function parseTraceparent(value: unknown): Span | undefined {
  if (typeof value !== 'string') return undefined;
  const [, version, traceId, spanId, flags, rest] = TRACEPARENT.exec(value) ?? [];
  if (version === undefined || traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (ALL_ZEROS.test(traceId) || ALL_ZEROS.test(spanId)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & SAMPLED) === SAMPLED };
}

/** Writes the `traceparent` header of a span: always version 00, and of the flags only «sampled», as level 1 asks. */
export function formatTraceparent(span: Span): string {
  return `00-${span.traceId}-${span.spanId}-${span.sampled ? '01' : '00'}`;
}

/** Starts a trace of its own, sampled. */
export function startTrace(random: RandomHex = cryptoHex): Span {
  return { traceId: nonZeroHex(TRACE_ID_BYTES, random), spanId: nonZeroHex(SPAN_ID_BYTES, random), sampled: true };
}

/** The next step of the same trace: a new span id, the parent's sampling decision. */
export function startChild(parent: Span, random: RandomHex = cryptoHex): Span {
  return { ...parent, spanId: nonZeroHex(SPAN_ID_BYTES, random) };
}

/** A child of the incoming `traceparent`; where that is absent or invalid, the start of a new trace. */
export function continueTrace(traceparent: unknown, random: RandomHex = cryptoHex): Span {
  const parent = parseTraceparent(traceparent);
  return parent === undefined ? startTrace(random) : startChild(parent, random);
}
