import { LogRing, type LogFeed } from './log-feed.ts';
import { isEnabled, type LogLevel, type LogThreshold } from './log-level.ts';
import { toRecord, type LogEntry, type LogFields, type LogRecord, type ServiceIdentity } from './log-record.ts';
import { openStdout } from './log-writer.ts';

/**
 * Writes ECS lines. The message is a constant sentence and what varies is a field, so that equal things can be counted:
 * `log.warn('A message was refused.', { 'event.id': id, error })`. Nothing here throws because of what is logged.
 */
export interface Logger {
  trace(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  fatal(message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to each of its lines. */
  child(fields: LogFields): Logger;
  /** Whether lines of the level are written, for fields that are dear to compute. */
  isEnabled(level: LogLevel): boolean;
  readonly feed: LogFeed;
}

export interface LoggerOptions {
  /** Default `info`. Read LOG_LEVEL with `parseLogLevel`. */
  readonly level?: LogThreshold;
  /** Takes one formatted line without its end; must not throw. See `openStdout` and `openLogFile`. */
  readonly write: (line: string) => void;
  /** Default `formatJson`. For a terminal: `formatPretty`. */
  readonly format?: (record: LogRecord) => string;
  /** Names the process where the context names no service. */
  readonly service?: ServiceIdentity;
  readonly now?: () => Date;
}

interface Sink extends Required<LoggerOptions> {
  readonly ring: LogRing;
}

/** The name of lines that belong to the process and to no service, such as those of its start. */
const PROCESS: ServiceIdentity = { name: 'roofshot' };

/** One line of ECS JSON. */
export function formatJson(record: LogRecord): string {
  return JSON.stringify(record);
}

/** A logger of its own, apart from the process-wide one: for tests and tools. */
export function createLogger(options: LoggerOptions): Logger {
  const sink = withDefaults(options, new LogRing());
  return loggerOn(() => sink);
}

let processSink: Sink | undefined;
const processRing = new LogRing();

/** The process-wide logger. The service's name, trace and correlation id of a line come from the context it is written in. */
export const log: Logger = loggerOn(() => (processSink ??= withDefaults({ write: openStdout().write }, processRing)), processRing);

/**
 * Says where the process-wide logger writes, also for loggers made from it earlier. To be called once, at the start: until then
 * lines go to standard output from `info` upwards.
 */
export function configureLog(options: LoggerOptions): void {
  processSink = withDefaults(options, processRing);
}

function withDefaults(options: LoggerOptions, ring: LogRing): Sink {
  return { level: 'info', format: formatJson, service: PROCESS, now: () => new Date(), ...options, ring };
}

function loggerOn(sink: () => Sink, feed: LogFeed = sink().ring, bound?: LogFields): Logger {
  const at = (level: LogLevel) => (message: string, fields?: LogFields) => {
    const current = sink();
    if (isEnabled(level, current.level)) emit(current, { level, message, fields, bound });
  };
  return {
    trace: at('trace'),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    fatal: at('fatal'),
    child: (fields) => loggerOn(sink, feed, { ...bound, ...fields }),
    isEnabled: (level) => isEnabled(level, sink().level),
    feed,
  };
}

function emit(sink: Sink, entry: LogEntry): void {
  const record = toRecord(entry, sink.service, sink.now());
  sink.write(sink.format(record));
  for (const error of sink.ring.push(record, entry.fields?.error ?? entry.bound?.error)) {
    const message = 'A listener of the log feed threw and was unsubscribed.';
    if (isEnabled('warn', sink.level)) emit(sink, { level: 'warn', message, fields: { error }, bound: undefined });
  }
}
