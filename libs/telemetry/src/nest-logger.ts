import type { LoggerService } from '@nestjs/common';
import { textOf } from './log-error.ts';
import { log, type Logger } from './logger.ts';
import type { LogLevel } from './log-level.ts';
import type { LogFields } from './log-record.ts';

/** Nest's own tale of its start: a line per module and route and service, of use only when wiring fails. */
const FRAMEWORK_CONTEXTS = new Set([
  'InstanceLoader',
  'NestApplication',
  'NestFactory',
  'NestMicroservice',
  'RouterExplorer',
  'RoutesResolver',
]);

const STACK = /\n\s+at /;

/**
 * Nest's logger on ours: give it to every application (`{ logger: new NestLogger() }`). Nest's context becomes `log.logger`,
 * a thrown value or stack becomes `error.*`, and the framework's informational lines are written at `debug`.
 */
export class NestLogger implements LoggerService {
  private readonly logger: Logger;

  constructor(logger: Logger = log) {
    this.logger = logger;
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.pass('trace', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.pass('debug', message, rest);
  }

  log(message: unknown, ...rest: unknown[]): void {
    const context = rest.at(-1);
    this.pass(typeof context === 'string' && FRAMEWORK_CONTEXTS.has(context) ? 'debug' : 'info', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.pass('warn', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.pass('error', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.pass('fatal', message, rest);
  }

  private pass(level: LogLevel, message: unknown, rest: readonly unknown[]): void {
    const text = message instanceof Error ? message.message : textOf(message);
    this.logger[level](text, fieldsOf(message, rest));
  }
}

/** Nest passes `(message, …details, stack?, context?)`: the context is the last string that is no stack. */
function fieldsOf(message: unknown, rest: readonly unknown[]): LogFields {
  const last = rest.at(-1);
  const context = typeof last === 'string' && !STACK.test(last) ? last : undefined;
  const details = context === undefined ? rest : rest.slice(0, -1);
  const stack = details.find((detail) => typeof detail === 'string' && STACK.test(detail));
  const thrown = message instanceof Error ? message : details.find((detail) => detail instanceof Error);
  const others = details.filter((detail) => detail !== stack && detail !== thrown && detail !== undefined);
  return {
    ...(context !== undefined && { 'log.logger': context }),
    ...(thrown !== undefined && { error: thrown }),
    ...(thrown === undefined && typeof stack === 'string' && { 'error.stack_trace': stack }),
    ...(others.length > 0 && { 'labels.details': others.map(textOf) }),
  };
}
