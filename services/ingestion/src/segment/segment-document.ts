/** What `/openapi.json` says of Segment's calls, whose bodies the routes read themselves. */
import type { RouteDetails } from '@roofshot/runtime/route-details';
import { Type } from 'typebox';
import { EVENT_REFUSALS } from '../event-document.ts';
import { SEGMENT_CALLS, type SegmentCall } from './segment-events.ts';

const Message = {
  messageId: Type.Optional(Type.String({ description: 'The id of the event; absent: one is made, and a repeat is not recognised.' })),
  userId: Type.Optional(Type.String({ description: 'The subject; else anonymousId is.' })),
  anonymousId: Type.Optional(Type.String()),
  timestamp: Type.Optional(Type.String({ format: 'date-time' })),
  sentAt: Type.Optional(Type.String({ format: 'date-time', description: "By the sender's clock, whose error is taken out of timestamp." })),
  writeKey: Type.Optional(Type.String({ description: 'For senders that can set no headers.' })),
};
/** Of a call and its message. */
const OWN: Partial<Record<SegmentCall, Record<string, ReturnType<typeof Type.String>>>> = {
  track: { event: Type.String({ description: '"Order Completed" is an event of the type order.completed.' }) },
};

const order = { messageId: 'm-1', userId: 'u-1', event: 'Order Completed', properties: { total: 12.5 }, timestamp: '2026-03-01T12:00:00Z' };

/** `call`: undefined for a batch. */
export function segmentDocument(call: SegmentCall | undefined): RouteDetails {
  const message = Type.Object({ ...Message, ...(call === undefined ? {} : OWN[call]) });
  const Batch = Type.Object({
    batch: Type.Array(Type.Object({ type: Type.Union(SEGMENT_CALLS.map((one) => Type.Literal(one))), ...Message })),
    sentAt: Message.sentAt,
    writeKey: Message.writeKey,
  });
  const example = call === undefined ? { batch: [{ type: 'track', ...order }], sentAt: order.timestamp } : order;
  const isShown = call === undefined || call === 'track';
  const content = { schema: call === undefined ? Batch : message, ...(isShown && { examples: { order: example } }) };
  return { bodies: { 'application/json': content, 'text/plain': content }, refusals: REFUSALS, security: ['basic', 'bearer'] };
}

const REFUSALS = {
  400: 'The body is no JSON object, or has more than 500 KB. Nothing was taken.',
  401: EVENT_REFUSALS[401],
  429: EVENT_REFUSALS[429],
  503: EVENT_REFUSALS[503],
};
