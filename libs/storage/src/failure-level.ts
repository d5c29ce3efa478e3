/** Out of resources, shutting down, deadlocked, timed out for a lock: the same work may succeed in a moment. */
export const PASSING_STATES = /^(08|53|57P|40|55P03|57014)/;

/** Named rather than imported: libraries may be loaded twice, and some of these are of packages above this one. */
const PASSING_NAMES = new Set(['LostConnection', 'OtherStore', 'OutOfRoom', 'TryAgain', 'Fenced', 'AbortError']);
const PASSING_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOSPC',
  'EDQUOT',
]);
/** Deeper chains of causes do not occur. */
const MAX_CAUSES = 10;

/**
 * The level at which a failed piece of work is logged that will be tried again by itself: `warn` when what failed passes (a server is
 * away, a disk is full, a lease has gone to another process, the process is being stopped), else `error`, since then it is a bug, or
 * something that only a person can set right. Looks through the causes.
 */
export function failureLevel(error: unknown): 'warn' | 'error' {
  let one = error;
  for (let depth = 0; depth < MAX_CAUSES && typeof one === 'object' && one !== null; depth += 1) {
    if (isPassing(one)) return 'warn';
    one = Reflect.get(one, 'cause');
  }
  return 'error';
}

function isPassing(error: object): boolean {
  const { name, code, sqlState, status, retriable } = error as Readonly<Record<string, unknown>>;
  if (typeof name === 'string' && PASSING_NAMES.has(name)) return true;
  // Not ready, too full: the services' own words. Where something else is behind it, that decides.
  if (name === 'DomainError') return Number(status) > 500 && Reflect.get(error, 'cause') === undefined;
  if (name === 'SqlError') return sqlState === undefined || PASSING_STATES.test(String(sqlState)); // without a state: the driver's own
  if (typeof code === 'string' && (PASSING_CODES.has(code) || PASSING_STATES.test(code))) return true;
  return retriable === true; // as Kafka's client says it
}
