import { currentContext } from '@roofshot/telemetry/context';
import type { RequestTrace } from './event-record.ts';

/** Of the request that is being answered. */
export function currentTrace(): RequestTrace {
  const { traceparent, correlationId } = currentContext();
  return { traceparent: traceparent ?? '', correlationid: correlationId ?? '' };
}
