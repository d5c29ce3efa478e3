/** Does a record name an id, and where. Pure. */
import type { LogRecord } from '@roofshot/messaging/events';

/** Fields of the platform's own messages that name one thing; names of many (deployment, experiment, model) would match whole topics. */
export const ID_FIELDS = ['predictionId', 'unit', 'runId', 'trialId', 'snapshotId', 'eventId', 'target'] as const;

export interface Match {
  /** Where the id stands. */
  readonly by: string;
  /** The payload, where it is JSON and an object. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** Null when the record does not name the id. Most records are passed over without reading their data. */
export function matchRecord({ key, headers, value }: LogRecord, id: string, quoted = JSON.stringify(id)): Match | null {
  const by = attributeOf(key, headers, id);
  if (by === undefined && !value.includes(quoted)) return null;
  const data = payloadOf(value);
  const named = by ?? ID_FIELDS.find((field) => data[field] === id);
  return named === undefined ? null : { by: named, data };
}

function attributeOf(key: string, headers: LogRecord['headers'], id: string): string | undefined {
  if (headers['ce_id'] === id) return 'id';
  if (headers['ce_correlationid'] === id) return 'correlation';
  return headers['ce_subject'] === id || key === id ? 'subject' : undefined;
}

function payloadOf(value: string): Readonly<Record<string, unknown>> {
  try {
    const data: unknown = JSON.parse(value);
    return typeof data === 'object' && data !== null && !Array.isArray(data) ? (data as Record<string, unknown>) : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
