import { fileURLToPath } from 'node:url';
import type { ErrorEvent, Exception, StackFrame } from '@sentry/node';
import { chainOf, describeError, type LinkedError } from './log-error.ts';
import type { LogRecord } from './log-record.ts';
import { withoutPersonal } from './personal.ts';

/** Sentry's own reader of `error.stack`: frames from the outermost to the innermost. */
export type ReadStack = (stack: string, skipFirst?: number) => StackFrame[];

export interface IssueSource {
  readonly record: LogRecord;
  readonly thrown: unknown;
  readonly fingerprint: readonly string[];
  /** Issues of the same fingerprint that were not sent since the last one. */
  readonly suppressed: number;
}

/** The only fields of a line that leave as tags: names that someone chose, numbers, and ids of work, never of people. */
const TAGS: Readonly<Record<string, string>> = {
  'service.name': 'service',
  'event.action': 'event_type',
  'error.code': 'error_code',
  'http.request.method': 'method',
  'http.response.status_code': 'status',
  'labels.alias': 'alias',
  'labels.attempt': 'attempt',
  'labels.correlation_id': 'correlation_id',
  'labels.deployment': 'deployment',
  'labels.experiment': 'experiment',
  'labels.group': 'group',
  'labels.model': 'model',
  'labels.offset': 'offset',
  'labels.outcome': 'outcome',
  'labels.partition': 'partition',
  'labels.queue': 'queue',
  'labels.route': 'route',
  'labels.run_id': 'run',
  'labels.snapshot': 'snapshot',
  'labels.topic': 'topic',
  'labels.trial': 'trial',
  'labels.version': 'model_version',
  'labels.view': 'view',
};

const SUPPRESSED = 'suppressed';
const TAG_NAMES = new Set([...Object.values(TAGS), SUPPRESSED]);

/** Sentry cuts tags there. */
const MAX_TAG = 200;
const MAX_TEXT = 2_000;
/** Read of a text at most, so that one of megabytes costs nothing. */
const MAX_READ = 16_384;

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** Equal failures are one issue, however their texts differ. */
export function fingerprintOf(record: LogRecord): string[] {
  const kind = record['error.code'] ?? record['error.type'];
  return [record.message, ...(kind === undefined ? [] : [String(kind)])];
}

/** The issue of a line: nothing in it that is not put there here. `release` overrides the service's own, `<service>@<version>`. */
export function issueOf({ record, thrown, fingerprint, suppressed }: IssueSource, readStack: ReadStack, release?: string): ErrorEvent {
  const level = record['log.level'] === 'fatal' ? 'fatal' : 'error';
  const reason = record['event.reason'];
  const version = record['service.version'];
  return {
    type: undefined,
    timestamp: Date.parse(record['@timestamp']) / 1000,
    level,
    message: tidy(record.message),
    fingerprint: fingerprint.map(tidy),
    tags: { ...tagsOf(record), ...(suppressed > 0 && { [SUPPRESSED]: String(suppressed) }) },
    ...(thrown !== undefined && { exception: { values: exceptionsOf(thrown, readStack, level !== 'fatal') } }),
    contexts: { ...traceOf(record), ...(typeof reason === 'string' && { log: { reason: tidy(reason) } }) },
    ...(release !== undefined ? { release } : version !== undefined && { release: `${String(record['service.name'])}@${String(version)}` }),
  };
}

function tagsOf(record: LogRecord): Record<string, string> {
  const tags = Object.entries(TAGS).flatMap(([field, tag]) => {
    const value = record[field];
    return value === undefined || value === null ? [] : [[tag, tidy(String(value)).replaceAll('\n', ' ').slice(0, MAX_TAG)]];
  });
  return Object.fromEntries(tags) as Record<string, string>;
}

function traceOf(record: LogRecord): ErrorEvent['contexts'] {
  const [traceId, spanId] = [record['trace.id'], record['span.id']];
  return typeof traceId === 'string' && typeof spanId === 'string' ? { trace: { trace_id: traceId, span_id: spanId } } : {};
}

/** Sentry wants the first cause first; each says by `parent_id` whose it is. */
function exceptionsOf(thrown: unknown, readStack: ReadStack, isHandled: boolean): Exception[] {
  return chainOf(thrown)
    .map((linked, id) => exceptionOf(linked, id, { readStack, isHandled }))
    .reverse();
}

function exceptionOf(
  { thrown, link, parent }: LinkedError,
  id: number,
  { readStack, isHandled }: { readonly readStack: ReadStack; readonly isHandled: boolean },
): Exception {
  const { 'error.type': type, 'error.message': message } = describeError(thrown);
  const frames = thrown instanceof Error ? readStack(thrown.stack ?? '', 1).map(frameOf) : [];
  return {
    type: tidy(type),
    // The fields of a thrown object may be anything: an event, a request.
    value: typeof thrown === 'object' && !(thrown instanceof Error) ? 'An object was thrown that is no error.' : tidy(message),
    ...(frames.length > 0 && { stacktrace: { frames } }),
    mechanism: {
      type: link === undefined ? 'generic' : 'chained',
      handled: isHandled,
      exception_id: id,
      ...(parent !== undefined && { parent_id: parent, source: link === 'caused by' ? 'cause' : 'errors' }),
      ...(thrown instanceof AggregateError && { is_exception_group: true }),
    },
  };
}

/** Without the folder in which the platform lies, which may name a person. */
function frameOf({ filename, function: name, lineno, colno, in_app: isOurs }: StackFrame): StackFrame {
  return {
    ...(filename !== undefined && { filename: withoutPersonal(filename.replace(ROOT, 'app:///')) }),
    ...(name !== undefined && { function: name }),
    ...(lineno !== undefined && { lineno }),
    ...(colno !== undefined && { colno }),
    ...(isOurs !== undefined && { in_app: isOurs }),
  };
}

function tidy(text: string): string {
  return withoutPersonal(text.slice(0, MAX_READ)).slice(0, MAX_TEXT);
}

/**
 * The last gate: passes what `issueOf` makes, and of what Sentry's library adds only the ids and the runtime. Whatever else comes in (a
 * user, a request, breadcrumbs, the host's name, somebody's tags) does not leave, and Sentry is told to look for no address.
 */
export function onlyAllowed(event: ErrorEvent): ErrorEvent {
  const { type, event_id, timestamp, platform, level, message, fingerprint, exception, release, environment } = event;
  const { trace, log, runtime } = event.contexts ?? {};
  const tags = Object.fromEntries(Object.entries(event.tags ?? {}).filter(([tag]) => TAG_NAMES.has(tag)));
  const allowed = { event_id, timestamp, platform, level, message, fingerprint, tags, exception, release, environment };
  return {
    ...withoutAbsent(allowed),
    type,
    contexts: withoutAbsent({ trace, log, runtime }),
    sdk: { settings: { infer_ip: 'never' } },
  };
}

function withoutAbsent<T extends object>(fields: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: NonNullable<T[K]> };
}
