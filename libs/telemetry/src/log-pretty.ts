import type { LogLevel } from './log-level.ts';
import type { LogRecord } from './log-record.ts';

const COLOURS: Record<LogLevel, string> = { trace: '90', debug: '90', info: '36', warn: '33', error: '31', fatal: '35' };

/** Said in the head of the line, or of no use to someone who reads along. */
const LEFT_OUT = new Set([
  '@timestamp',
  'log.level',
  'message',
  'ecs.version',
  'service.name',
  'service.version',
  'service.environment',
  'trace.id',
  'span.id',
  'error.type',
  'error.message',
  'error.stack_trace',
]);

const TIME_OF_DAY = { from: 11, to: 23 };

/** A formatter for people: `12:03:04.123 WARN  features  A message was refused.  event.id=7`, the stack trace indented below. */
export function formatPretty({ color }: { readonly color: boolean }): (record: LogRecord) => string {
  return (record) => {
    const level = record['log.level'];
    const paint = (text: string, code: string): string => (color ? `\u001b[${code}m${text}\u001b[0m` : text);
    const time = record['@timestamp'].slice(TIME_OF_DAY.from, TIME_OF_DAY.to);
    const head = `${paint(time, '90')} ${paint(level.toUpperCase().padEnd(5), COLOURS[level])} ${String(record['service.name']).padEnd(11)} `;
    const fields = fieldsOf(record);
    return `${head}${record.message}${fields === '' ? '' : `  ${paint(fields, '90')}`}${stackBelow(record)}`;
  };
}

function fieldsOf(record: LogRecord): string {
  return Object.entries(record)
    .filter(([field]) => !LEFT_OUT.has(field))
    .map(([field, value]) => `${field.replace(/^labels\./, '')}=${quoted(value)}`)
    .join(' ');
}

function quoted(value: unknown): string {
  return typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}

function stackBelow(record: LogRecord): string {
  const error = record['error.stack_trace'] ?? record['error.message'];
  return error === undefined ? '' : `\n    ${String(error).replaceAll('\n', '\n    ')}`;
}
