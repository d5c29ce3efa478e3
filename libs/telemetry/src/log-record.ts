import { currentContext, type TelemetryContext } from './context.ts';
import { describeError, textOf } from './log-error.ts';
import type { LogLevel } from './log-level.ts';
import { isSecretField, REDACTED, redactUrls, withoutQuotedInput } from './redact.ts';

/** A value that a log field can hold. Absent ones are left out of the line. */
export type LogValue = string | number | bigint | boolean | Date | null | undefined | readonly (string | number | boolean)[];

/**
 * Fields of a line, by their dotted ECS names (`event.id`, `event.duration` in nanoseconds). What ECS has no name for goes under
 * `labels.`, since other fields are not indexed. `error` takes whatever was thrown and becomes `error.*`.
 */
export interface LogFields {
  readonly [field: `${string}.${string}`]: LogValue;
  readonly error?: unknown;
}

type EcsValue = string | number | boolean | null | readonly (string | number | boolean)[];

/** One log line before it is written: ECS 8 with dotted keys at the top level, never nested objects. */
export interface LogRecord {
  readonly '@timestamp': string;
  readonly 'log.level': LogLevel;
  readonly message: string;
  readonly [field: string]: EcsValue;
}

/** The service behind every line that no context names another for. */
export interface ServiceIdentity {
  readonly name: string;
  readonly version?: string | undefined;
  readonly environment?: string | undefined;
}

export interface LogEntry {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields | undefined;
  /** Fields bound by `child`, under the line's own. */
  readonly bound: LogFields | undefined;
}

/** The fields used here mean the same in all of ECS 8; Kibana reads the version to pick its view. */
const ECS_VERSION = '8.11.0';

/** Elasticsearch refuses terms beyond 32,766 bytes, and a line must stay small enough to be read in one piece by its shipper. */
const MAX_TEXT = 16_384;

const FIXED = new Set(['@timestamp', 'log.level', 'message', 'ecs.version']);

/** Builds the line's record: fixed fields, then the context's, then the bound ones, then the line's own, the later ones winning. */
export function toRecord(entry: LogEntry, identity: ServiceIdentity, now: Date): LogRecord {
  const record: Record<string, EcsValue> & { '@timestamp': string; 'log.level': LogLevel; message: string } = {
    '@timestamp': now.toISOString(),
    'log.level': entry.level,
    message: boundedText(entry.message),
    'ecs.version': ECS_VERSION,
  };
  const context = currentContext();
  addContext(record, context, identity);
  addFields(record, context.fields);
  addFields(record, entry.bound);
  addFields(record, entry.fields);
  return record;
}

function addContext(record: Record<string, EcsValue>, context: TelemetryContext, identity: ServiceIdentity): void {
  const { service = identity.name, serviceVersion = identity.version, correlationId, traceparent } = context;
  record['service.name'] = service;
  if (serviceVersion !== undefined) record['service.version'] = serviceVersion;
  if (identity.environment !== undefined) record['service.environment'] = identity.environment;
  if (traceparent !== undefined) {
    // A context's traceparent has been checked, so its ids lie at fixed places (00-<32>-<16>-<2>).
    record['trace.id'] = traceparent.slice(3, 35);
    record['span.id'] = traceparent.slice(36, 52);
  }
  if (correlationId !== undefined) record['labels.correlation_id'] = correlationId;
}

function addFields(record: Record<string, EcsValue>, fields: LogFields | undefined): void {
  if (fields === undefined) return;
  for (const [field, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    if (field === 'error') addFields(record, { ...describeError(value) });
    else record[safeName(field)] = isSecretField(field) ? REDACTED : toEcsValue(value);
  }
}

/** A key without a dot, or one that the line itself owns, would break the mapping or the line: it becomes a label. */
function safeName(field: string): string {
  return field.includes('.') && !FIXED.has(field) ? field : `labels.${field.replaceAll('.', '_')}`;
}

function toEcsValue(value: unknown): EcsValue {
  if (typeof value === 'string') return boundedText(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'boolean' || value === null) return value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'invalid date' : value.toISOString();
  if (Array.isArray(value))
    return value.map((item: unknown) => (typeof item === 'number' || typeof item === 'boolean' ? item : boundedText(textOf(item))));
  return boundedText(textOf(value));
}

/** Secrets go first: a cut through one would hide it from the pattern that finds it. */
function boundedText(text: string): string {
  const clean = redactUrls(text);
  if (clean.length <= MAX_TEXT) return withoutQuotedInput(clean);
  // A quotation that is cut ends here, too; to look for one in a text without bounds would take long.
  const head = withoutQuotedInput(`${clean.slice(0, MAX_TEXT)}"`);
  return `${head.slice(0, MAX_TEXT)}… (${clean.length - MAX_TEXT} more characters cut)`;
}
