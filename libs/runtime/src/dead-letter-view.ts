import type { DeadLetter, KeyResult, LetterFailure, LetterResult, ParkedKey } from '@roofshot/contracts/http/dead-letters';
import type { KeyOutcome, LetterOutcome, PurgedLetter } from '@roofshot/messaging/dead-letter-office';
import type { LetterRow } from '@roofshot/storage/dead-letter-list';
import type { ParkedKeyRow } from '@roofshot/storage/parked-key-list';
import { withoutQuotedInput } from '@roofshot/telemetry/redact';
import { letterId } from './letter-places.ts';

/** What of a message's data may be shown: every payload goes through here, so that what is personal is masked. */
export interface ShowPayloads {
  showEvent(topic: string, data: unknown): unknown;
  showCommand(type: string | null, data: unknown): unknown;
}

/** The record of the log as delivery has kept it. */
interface KeptRecord {
  readonly headers: Readonly<Record<string, string>>;
  readonly value: string;
}

export function letterView(service: string, row: LetterRow, show: ShowPayloads): DeadLetter {
  const { kind, stack, correlationId, traceparent } = row;
  const { headers, value } = kind === 'event' ? recordOf(row.message) : { headers: recordOfTexts(row.headers), value: row.message };
  const type = row.type ?? headers['ce_type'] ?? null;
  return {
    id: letterId(service, row.id),
    service,
    kind,
    state: row.redrivenAt === null ? 'dead' : 'sent',
    origin: originOf(row),
    messageId: row.messageId ?? headers['ce_id'] ?? null,
    type,
    key: row.key,
    error: { code: row.code, message: withoutQuotedInput(row.reason) },
    stack: stack === null ? null : withoutQuotedInput(stack),
    firstFailedAt: row.firstFailedAt.toISOString(),
    lastFailedAt: row.lastFailedAt.toISOString(),
    attempts: row.attempts,
    correlationId: correlationId ?? headers['ce_correlationid'] ?? null,
    traceparent: traceparent ?? headers['ce_traceparent'] ?? null,
    headers,
    payload: row.topic === null ? show.showCommand(type, payloadOf(value)) : show.showEvent(row.topic, payloadOf(value)),
  };
}

export function parkedKeyView(service: string, row: ParkedKeyRow, show: ShowPayloads): ParkedKey {
  const { topic, key, messages, stack, attempts } = row;
  return {
    service,
    topic,
    key,
    waiting: messages,
    parkedAt: row.parkedAt.toISOString(),
    lastFailedAt: row.lastFailedAt.toISOString(),
    attempts,
    error: { code: row.code, message: withoutQuotedInput(row.reason) },
    stack: stack === null ? null : withoutQuotedInput(stack),
    head: headOf(row, show),
  };
}

export function letterResult(service: string, { letter, outcome, ...rest }: LetterOutcome | PurgedLetter): LetterResult {
  const failure = 'failure' in rest ? rest.failure : undefined;
  return { id: letterId(service, letter), outcome, ...(failure !== undefined && { error: failureView(failure) }) };
}

export function keyResult(service: string, { failure, ...outcome }: KeyOutcome): KeyResult {
  return { service, ...outcome, ...(failure !== undefined && { error: failureView(failure) }) };
}

function failureView({ reason, code = null }: { readonly reason: string; readonly code?: string | null }): LetterFailure {
  return { code, message: reason };
}

function originOf({ topic, partition, offset, group, queue }: LetterRow): DeadLetter['origin'] {
  if (topic === null || partition === null || offset === null) return { queue: queue ?? '' };
  return { topic, partition, offset, group: group ?? '' };
}

function headOf({ topic, partition, offset, message }: ParkedKeyRow, show: ShowPayloads): ParkedKey['head'] {
  if (partition === null || offset === null || message === null) return null;
  const { headers, value } = recordOf(message);
  const {
    ce_id: messageId = null,
    ce_type: type = null,
    ce_correlationid: correlationId = null,
    ce_traceparent: traceparent = null,
  } = headers;
  return { partition, offset, messageId, type, correlationId, traceparent, headers, payload: show.showEvent(topic, payloadOf(value)) };
}

const recordOf = (message: string): KeptRecord => JSON.parse(message) as KeptRecord;
const recordOfTexts = (headers: string | null): Record<string, string> => JSON.parse(headers ?? '{}') as Record<string, string>;

function payloadOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return text; // that it is no JSON may be why it lies here
    throw error;
  }
}
