import { PASSING_STATES } from '@roofshot/storage/failure-level';
import { isLostConnection, isOutOfRoom, isRefusal, SqlError, sqlState } from '@roofshot/storage/sql-errors';
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
