import { PASSING_STATES } from '@roofshot/storage/failure-level';
import type { FailureRecord } from '@roofshot/storage/failure-record';
import { isLostConnection, isOutOfRoom, isRefusal, SqlError, sqlState } from '@roofshot/storage/sql-errors';
import { describeError } from '@roofshot/telemetry/log-error';
import { TryAgain } from '../handlers.ts';

/** A handler threw, or refused after it had begun to write: which event it was, where that is known. */
export class HandlerFailed extends Error {
  override readonly name = 'HandlerFailed';

  constructor(
    readonly offset: number | undefined,
    /** Set when the handler refused the event: no further try can help. */
    readonly rejection: string | undefined,
    options: { cause: unknown },
  ) {
    super(rejection ?? describe(options.cause), options);
  }
}

/** Whether the failure lies outside of the message and will pass: then the message must not be blamed for it. */
export function isPassing(error: unknown): boolean {
  const cause = error instanceof HandlerFailed ? error.cause : error;
  if (cause instanceof TryAgain || isLostConnection(cause) || isOutOfRoom(cause) || isRefusal(cause)) return true;
  if (cause instanceof SqlError && cause.sqlState === undefined) return true; // the driver's own: no connection became free
  return PASSING_STATES.test(sqlState(cause) ?? '');
}

/** A broken domain rule (the services' DomainError, known by its name because libraries do not import services' errors) is a refusal. */
export function rejectionOf(error: unknown): string | undefined {
  return error instanceof Error && error.name === 'DomainError' ? error.message : undefined;
}

export function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** Codes of failures for which nothing was thrown. */
export type FailureCode = 'unreadable' | 'unknown-type' | 'contract' | 'rejected' | 'crashed';

/** Of a chain of causes the nearest are at the top. */
const MOST_STACK = 16_000;

/** What is kept of a failure: its sentence, a word to count it by, and the stack of what was thrown. `fallback`: the word where nothing was. */
export function failureOf(error: unknown, fallback: FailureCode = 'rejected'): FailureRecord {
  const thrown = error instanceof HandlerFailed ? error.cause : error;
  const reason = error instanceof HandlerFailed && error.rejection !== undefined ? error.rejection : describe(thrown);
  if (thrown === undefined) return { reason, code: fallback };
  const { 'error.type': type, 'error.code': code = type, 'error.stack_trace': stack } = describeError(thrown);
  return { reason: rejectionOf(thrown) ?? reason, code, ...(stack !== undefined && { stack: stack.slice(0, MOST_STACK) }) };
}
