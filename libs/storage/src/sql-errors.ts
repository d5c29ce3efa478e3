import { codeOf, messageOf, sentenceOf, textOf } from './error-code.ts';

/** A statement that PostgreSQL refused. Carries the five-character SQLSTATE, never the parameters (they may be large or private). */
export class SqlError extends Error {
  override readonly name: string = 'SqlError';

  constructor(
    message: string,
    readonly sqlState: string | undefined,
    readonly constraint: string | undefined,
    options: { cause: unknown },
  ) {
    super(message, options);
  }
}

/**
 * PostgreSQL, or another server that stores, has used up its disk, memory, connections or a bound of ours. Nothing of the work was
 * applied, and with room again the same work succeeds.
 */
export class OutOfRoom extends SqlError {
  override readonly name = 'OutOfRoom';
  /** What a caller is told of it: what has no room, and what to do. Without it, it is the database. */
  readonly detail: string | undefined;

  constructor(message: string, state: string | undefined, constraint: string | undefined, options: { cause?: unknown; detail?: string }) {
    super(message, state, constraint, { cause: options.cause });
    this.detail = options.detail;
  }
}

/**
 * The connection broke or could not be made. `outcome` says what became of the work: `not applied`, or `unknown` when the
 * break fell into COMMIT (then the caller must look before it repeats what is not idempotent).
 */
export class LostConnection extends Error {
  override readonly name = 'LostConnection';
  /** What does not answer. */
  readonly server: string;

  constructor(
    message: string,
    readonly outcome: 'not applied' | 'unknown',
    options: { cause: unknown; server?: string },
    /** Why the server is away and what to do, where its owner knows: a sentence or two. */
    readonly why?: string,
  ) {
    super(message, options);
    this.server = options.server ?? 'The database';
  }

  /** The same, told with the reason. */
  because(why: string): LostConnection {
    return new LostConnection(`${this.message} ${why}`, this.outcome, { cause: this.cause, server: this.server }, why);
  }
}

/** A server other than the database does not answer; `server` names it as a sentence begins: `Redis at host:6379`. */
export function lostServer(server: string, reason: string, outcome: LostConnection['outcome'], cause: unknown): LostConnection {
  const remedy = 'Start it, or see why it is away.';
  return new LostConnection(`${server} does not answer: ${sentenceOf(reason)} ${remedy}`, outcome, { cause, server }, remedy);
}

/**
 * A server other than the database answers and cannot store anything at the moment. `detail`: which one, why, and what to do, in
 * sentences. `state`: that of a full disk, or of other resources, as PostgreSQL tells them.
 */
export function cannotStore(detail: string, cause: unknown, state: '53100' | '53000' = '53000'): OutOfRoom {
  return new OutOfRoom(`${detail} Nothing of the unfinished work was applied.`, state, undefined, { cause, detail });
}

/**
 * A server answers and does not let us do what is needed: a right, a setting or its version is in the way. That does not pass by itself, and
 * is no fault of whoever asked. The message says what to do and holds no secrets.
 */
export class ServerRefusal extends Error {
  override readonly name = 'ServerRefusal';
}

/** True when a server refused, also when that is wrapped in another error. */
export function isRefusal(error: unknown): boolean {
  if (error instanceof ServerRefusal) return true;
  const cause = causeOf(error);
  return cause !== undefined && isRefusal(cause);
}

/** SQLSTATE classes and codes that end the session: connection exceptions and the server's own shutdown, crash and start-up. */
const LOST_STATES = /^(08...|57P0[1-5])$/;
const LOST_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
]);
/** PostgreSQL writes files whose failure nothing may survive; then it ends every session and recovers. */
const PANIC = 'PANIC';
/** Class 53: insufficient resources. */
const OUT_OF_ROOM = /^53/;
const DISK_FULL_STATE = '53100';
/** A quota has no SQLSTATE of its own. */
const DISK_FULL_WORDS = /no space left on device|disk quota exceeded/i;
const LOST_WORDS = /connection terminated|connection error|not queryable|runner already released|socket has been ended/i;

/** The SQLSTATE of a failure, looked up through its causes; undefined when it does not come from PostgreSQL. */
export function sqlState(error: unknown): string | undefined {
  const own = error instanceof SqlError ? error.sqlState : codeOf(error);
  if (own !== undefined && /^[0-9A-Z]{5}$/.test(own) && !LOST_CODES.has(own)) return own;
  const cause = causeOf(error);
  return cause === undefined ? undefined : sqlState(cause);
}

/** The prepared statement is gone, or its table has changed since. */
const NO_SUCH_STATEMENT = '26000';
const CHANGED_RESULT = /cached plan must not change result type/;

/** True when what PostgreSQL had prepared is of no use any more, also when that is wrapped in another error. Nothing was applied. */
export function isStalePreparation(error: unknown): boolean {
  return sqlState(error) === NO_SUCH_STATEMENT || (sqlState(error) === '0A000' && CHANGED_RESULT.test(messageOf(error)));
}

/** True when a unique constraint refused the row, optionally the one that is named. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  if (sqlState(error) !== '23505') return false;
  return constraint === undefined || (error instanceof SqlError && error.constraint === constraint);
}

/** True when the failure is a broken or refused connection, also when it is wrapped in another error. */
export function isLostConnection(error: unknown): boolean {
  if (error instanceof LostConnection) return true;
  const code = codeOf(error);
  if (code !== undefined && (LOST_CODES.has(code) || LOST_STATES.test(code))) return true;
  if (textOf(error, 'severity') === PANIC) return true;
  if (LOST_WORDS.test(messageOf(error))) return true;
  const cause = causeOf(error);
  return cause !== undefined && isLostConnection(cause);
}

/** True when PostgreSQL had no room for the work, also when that is wrapped in another error. */
export function isOutOfRoom(error: unknown): boolean {
  if (error instanceof OutOfRoom) return true;
  const cause = causeOf(error);
  return cause !== undefined && isOutOfRoom(cause);
}

/** Turns a driver's failure into an error that says what happened; `where` names the database without its password. */
export function describeSqlFailure(error: unknown, where: string, inCommit = false): Error {
  if (error instanceof SqlError || error instanceof LostConnection) return error;
  const reason = messageOf(error);
  if (isLostConnection(error)) return lost(error, where, inCommit);
  if (/timeout exceeded when trying to connect/.test(reason)) {
    return new OutOfRoom(
      `No connection to PostgreSQL at ${where} became free in time: every pooled connection is busy, or the server does not answer. ` +
        'Look for long transactions, or raise the pool size.',
      undefined,
      undefined,
      { cause: error },
    );
  }
  const state = sqlState(error);
  if (OUT_OF_ROOM.test(state ?? '') || DISK_FULL_WORDS.test(reason)) return outOfRoom(error, where, state);
  const detail = textOf(error, 'detail');
  const text = `PostgreSQL refused a statement: ${reason}${detail === undefined ? '' : ` (${detail})`}`;
  return new SqlError(text, state, textOf(error, 'constraint'), { cause: driverErrorOf(error) });
}

function outOfRoom(error: unknown, where: string, state: string | undefined): OutOfRoom {
  const reason = messageOf(error);
  const isDisk = state === DISK_FULL_STATE || DISK_FULL_WORDS.test(reason);
  const text = isDisk
    ? `PostgreSQL at ${where} cannot store any more, because its disk is full (${reason}). Nothing of the unfinished work was applied. Free some space and do it again.`
    : `PostgreSQL at ${where} has no room for the work (${reason}). Nothing of it was applied; do it again in a moment.`;
  return new OutOfRoom(text, isDisk ? DISK_FULL_STATE : state, undefined, { cause: driverErrorOf(error) });
}

function lost(error: unknown, where: string, inCommit: boolean): LostConnection {
  const fate = inCommit
    ? 'It broke during COMMIT, so the transaction may or may not have been applied.'
    : 'Nothing of the unfinished work was applied.';
  return new LostConnection(
    `The connection to PostgreSQL at ${where} is lost (${messageOf(error)}). ${fate} Check that the server runs; the next query connects again.`,
    inCommit ? 'unknown' : 'not applied',
    { cause: driverErrorOf(error) },
  );
}

/** TypeORM's wrapper holds every parameter; the driver's own error underneath does not. */
function driverErrorOf(error: unknown): unknown {
  if (typeof error !== 'object' || error === null || !('driverError' in error)) return error;
  return error.driverError;
}

function causeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'cause' in error ? error.cause : undefined;
}
