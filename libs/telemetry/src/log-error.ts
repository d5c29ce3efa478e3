/** The ECS `error.*` fields of something thrown. */
export interface ErrorFields {
  readonly 'error.type': string;
  readonly 'error.message': string;
  readonly 'error.code'?: string;
  readonly 'error.stack_trace'?: string;
}

/** Enough for any chain written on purpose; a longer one is a loop or a bug. */
const MAX_CAUSES = 8;

/**
 * Describes anything that was thrown. The stack trace holds the causes too, each under «caused by», as do the parts of an
 * AggregateError under «together with»; a cause that comes round again is written once.
 */
export function describeError(thrown: unknown): ErrorFields {
  if (!(thrown instanceof Error)) return { 'error.type': typeof thrown, 'error.message': textOf(thrown) };
  const code = codeOf(thrown);
  return {
    'error.type': thrown.name,
    'error.message': thrown.message,
    ...(code !== undefined && { 'error.code': code }),
    'error.stack_trace': stackOf(thrown),
  };
}

function codeOf(error: Error): string | undefined {
  if (!('code' in error)) return undefined;
  return typeof error.code === 'string' || typeof error.code === 'number' ? String(error.code) : undefined;
}

function stackOf(error: Error): string {
  return chainOf(error)
    .map(({ thrown, link }) => {
      const text = thrown instanceof Error ? ownStack(thrown) : textOf(thrown);
      return link === undefined ? text : `${link}: ${text}`;
    })
    .join('\n');
}

/** Something thrown, and for whose sake it is told. */
export interface LinkedError {
  readonly thrown: unknown;
  /** Absent for what was thrown itself. */
  readonly link?: 'caused by' | 'together with';
  /** Where in the chain the error is that it belongs to. */
  readonly parent?: number;
}

/** What was thrown, then its causes and the parts of AggregateErrors, nearest first, each once and not more than 8 of them. */
export function chainOf(thrown: unknown): LinkedError[] {
  const chain: LinkedError[] = [{ thrown }];
  const seen = new Set<unknown>([thrown]);
  // Goes on to what is added meanwhile.
  for (const [parent, { thrown: error }] of chain.entries()) {
    for (const reason of error instanceof Error ? reasonsOf(error) : []) {
      if (seen.has(reason.thrown) || seen.size > MAX_CAUSES) continue;
      seen.add(reason.thrown);
      chain.push({ ...reason, parent });
    }
  }
  return chain;
}

function reasonsOf(error: Error): LinkedError[] {
  const parts: unknown[] = error instanceof AggregateError ? error.errors : [];
  return [
    ...(error.cause === undefined ? [] : [{ link: 'caused by' as const, thrown: error.cause }]),
    ...parts.map((thrown) => ({ link: 'together with' as const, thrown })),
  ];
}

function ownStack(error: Error): string {
  return error.stack ?? `${error.name}: ${error.message}`;
}

/** Text for any value; an object that JSON cannot hold still leaves its kind behind. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return String(value);
  try {
    return JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? String(inner) : inner));
  } catch (fault) {
    return `[${Object.prototype.toString.call(value)}, not writable as JSON: ${fault instanceof Error ? fault.name : 'unknown'}]`;
  }
}
