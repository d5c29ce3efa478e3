import { AsyncLocalStorage } from 'node:async_hooks';
import { continueTrace, formatTraceparent, parseTraceparent, startTrace, type RandomHex } from './trace.ts';
import type { LogFields } from './log-record.ts';

/**
 * What the code that runs now works for. It follows the work through awaits and timers, so several services can share a process
 * and still log and count under their own names.
 */
export interface TelemetryContext {
  /** The service's name as in its manifest; `service.name` in logs, the second word of metric names. */
  readonly service?: string;
  readonly serviceVersion?: string;
  /** One id from the first request to the last decision; `labels.correlation_id` in logs. */
  readonly correlationId?: string;
  /** W3C trace context of the step that runs now: send it on with every message and request. Always valid. */
  readonly traceparent?: string;
  /** Fields that every log line of this work carries, such as `event.id`. */
  readonly fields?: LogFields;
}

/** The trace and correlation of a request or message, as its headers said them. Anything may have been sent. */
export interface IncomingTrace {
  readonly traceparent?: unknown;
  readonly correlationId?: unknown;
}

const storage = new AsyncLocalStorage<TelemetryContext>();

const NOTHING: TelemetryContext = {};

/** Visible ASCII, and short enough for a header and a label that Elasticsearch indexes whole. */
const CORRELATION_ID = /^[\x21-\x7e]{1,128}$/;

/**
 * Runs `fn` with `context` laid over the current one: what it does not name is inherited, fields are merged.
 * An invalid `traceparent` becomes the start of a new trace. Work that a shared server starts (an HTTP request, a consumed batch)
 * does not inherit from the place that opened the server: wrap each request or batch.
 */
export function runWith<T>(context: TelemetryContext, fn: () => T): T {
  const outer = currentContext();
  const merged: TelemetryContext = { ...outer, ...context };
  const fields = outer.fields && context.fields ? { ...outer.fields, ...context.fields } : merged.fields;
  const isBroken = context.traceparent !== undefined && parseTraceparent(context.traceparent) === undefined;
  return storage.run(
    {
      ...merged,
      ...(fields && { fields }),
      ...(isBroken && { traceparent: formatTraceparent(startTrace()) }),
    },
    fn,
  );
}

/** Runs `fn` in exactly this context, for each part of a request. Nothing is inherited; its trace comes from `continueFrom`, and is not checked again. */
export function runIn<T>(context: TelemetryContext, fn: () => T): T {
  return storage.run(context, fn);
}

/** The context of the code that runs now; empty outside `runWith`. */
export function currentContext(): TelemetryContext {
  return storage.getStore() ?? NOTHING;
}

/**
 * The context in which to handle an incoming request or message: a child span of its trace (or a new trace), and its correlation
 * id. Where it has none, or one that is no visible ASCII of 1 to 128 characters, the trace id is the correlation id.
 */
export function continueFrom(
  incoming: IncomingTrace,
  random?: RandomHex,
): { readonly traceparent: string; readonly correlationId: string } {
  const span = continueTrace(incoming.traceparent, random);
  const { correlationId } = incoming;
  const isUsable = typeof correlationId === 'string' && CORRELATION_ID.test(correlationId);
  return { traceparent: formatTraceparent(span), correlationId: isUsable ? correlationId : span.traceId };
}
