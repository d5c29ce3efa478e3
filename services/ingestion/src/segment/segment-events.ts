/**
 * Messages of Segment's HTTP API as CloudEvents. Nothing of a message is lost: what has no attribute of its own stays in `data`.
 */
import { parseTime } from '../check-envelope.ts';
import type { Incoming } from '../prepare-events.ts';
import type { Refusal } from '../verdicts.ts';
import { writeJson } from '../write-json.ts';

export const SEGMENT_CALLS = ['track', 'identify', 'page', 'screen', 'group', 'alias'] as const;
export type SegmentCall = (typeof SEGMENT_CALLS)[number];

/** As Segment has it. */
export const MAX_EVENT_BYTES = 32 * 1024;

export interface Receipt {
  /** URI reference: `(source, id)` is what a repeat is recognised by, so it stays the same for all calls of one sender. */
  readonly source: string;
  /** Epoch milliseconds. */
  readonly receivedAt: number;
  /** When the request left, by the sender's clock, for messages that do not say so themselves. */
  readonly sentAt: unknown;
  /** For messages without a `messageId`. */
  readonly newId: () => string;
}

/** Attributes of the event, or of the delivery; all else is data. */
const TRANSPORT = new Set(['messageId', 'timestamp', 'originalTimestamp', 'sentAt', 'receivedAt', 'type', 'writeKey']);

/** `call`: undefined in a batch, whose messages name it as `type`. */
export function segmentEvent(message: unknown, call: SegmentCall | undefined, receipt: Receipt): Incoming {
  if (typeof message !== 'object' || message === null || Array.isArray(message)) return refuse(message, '', 'A message is a JSON object.');
  const raw = message as Readonly<Record<string, unknown>>;
  const named = call ?? raw['type'];
  if (!isCall(named)) return refuse(raw, '/type', `type must be one of ${SEGMENT_CALLS.join(', ')}.`);
  const fault = faultOf(raw, named);
  if (fault !== undefined) return refuse(raw, fault.path, fault.message);
  const bytes = Buffer.byteLength(writeJson(raw));
  if (bytes > MAX_EVENT_BYTES)
    return refuse(raw, '', `A message has at most ${MAX_EVENT_BYTES} bytes; this one has ${bytes}. Send less in one.`, 'too-large');
  const time = timeOf(raw, receipt);
  return {
    value: {
      specversion: '1.0',
      id: typeof raw['messageId'] === 'string' ? raw['messageId'] : receipt.newId(),
      source: receipt.source,
      type: named === 'track' ? typeOfTrack(raw['event'] as string) : `segment.${named}`,
      subject: subjectOf(raw),
      ...(time !== undefined && { time }),
      data: Object.fromEntries(Object.entries(raw).filter(([name]) => !TRANSPORT.has(name))),
    },
  };
}

const isCall = (name: unknown): name is SegmentCall => SEGMENT_CALLS.some((call) => call === name);

/** "Order Completed" and "orderCompleted" are `order.completed`: the event type that is to be declared for it. */
export function typeOfTrack(event: string): string {
  return event
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1.$2')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '.')
    .replaceAll(/^\.+|\.+$/g, '');
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

const subjectOf = ({ userId, anonymousId }: Readonly<Record<string, unknown>>): string => String(isId(userId) ? userId : anonymousId);

/** Segment's libraries send numbers as they are. */
const isId = (value: unknown): value is string | number => isText(value) || typeof value === 'number';

function faultOf(raw: Readonly<Record<string, unknown>>, call: SegmentCall): { path: string; message: string } | undefined {
  if (!isId(raw['userId']) && !isId(raw['anonymousId']))
    return { path: '/userId', message: 'userId or anonymousId must say whom it is about.' };
  if (call === 'track' && (!isText(raw['event']) || typeOfTrack(raw['event']) === ''))
    return { path: '/event', message: 'event must be a name with letters or digits, like "Order Completed".' };
  if (call === 'group' && !isId(raw['groupId'])) return { path: '/groupId', message: 'groupId must name the group.' };
  if (call === 'alias' && !isId(raw['previousId'])) return { path: '/previousId', message: 'previousId must say who it was before.' };
  return undefined;
}

/**
 * RFC 3339, or what was sent where it is no time, so that the check of the event finds it. The sender's clock may be wrong, but not by a
 * different amount a moment later: receivedAt − (sentAt − originalTimestamp), as in Segment's specification.
 */
function timeOf(raw: Readonly<Record<string, unknown>>, { receivedAt, sentAt: sentWith }: Receipt): unknown {
  const original = raw['timestamp'] ?? raw['originalTimestamp'];
  if (original === undefined || original === null) return undefined;
  const [happened, sent] = [timeIn(original), timeIn(raw['sentAt'] ?? sentWith)];
  if (happened === undefined || sent === undefined) return original;
  return new Date(receivedAt - (sent - happened)).toISOString();
}

const timeIn = (value: unknown): number | undefined => (typeof value === 'string' ? parseTime(value) : undefined);

function refuse(original: unknown, path: string, message: string, reason: Refusal['reason'] = 'envelope'): Incoming {
  return {
    unreadable: { verdict: 'quarantined', reason, detail: `${message} Correct it and send it again.`, path },
    original: writeJson(original),
  };
}
