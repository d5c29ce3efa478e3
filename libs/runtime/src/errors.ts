import type { Problem } from '@roofshot/contracts/http/common';
import type { Fault } from '@roofshot/contracts/validate';
import { awayOf, refusalOf } from './away.ts';

/** Codes that every service may use, with the HTTP status that they become. A service adds its own by `defineErrors`. */
const COMMON = {
  invalid: 400,
  unauthorized: 401,
  forbidden: 403,
  'not-found': 404,
  'method-not-allowed': 405,
  conflict: 409,
  gone: 410,
  'precondition-failed': 412,
  'too-large': 413,
  'unsupported-media-type': 415,
  'invalid-resource': 422,
  'too-many-requests': 429,
  internal: 500,
  unavailable: 503,
  timeout: 504,
} as const;

export type CommonCode = keyof typeof COMMON;

/** What a program can use beside the sentence: `faults`, near names, the state that was found. Goes into the problem details. */
export type ErrorDetail = { readonly faults?: readonly Fault[] } & Readonly<Record<string, unknown>>;

/**
 * A broken rule of the domain. The message is for people: what happened, why, and what to do. Over HTTP it becomes problem details
 * with its status; from a message handler it means «reject»: dead letter at once, since trying again cannot help.
 */
export class DomainError extends Error {
  // Delivery and the filter recognise it by this name, so that several copies of this module agree.
  override readonly name = 'DomainError';
  readonly code: string;
  readonly status: number;
  readonly detail: ErrorDetail;

  constructor(code: CommonCode, message: string, detail?: ErrorDetail);
  constructor(code: string, message: string, detail: ErrorDetail, status: number);
  constructor(code: string, message: string, detail: ErrorDetail = {}, status: number = statusOf(code)) {
    super(message);
    this.code = code;
    this.status = status;
    this.detail = detail;
  }
}

/** A service's own codes with their HTTP status, in its errors.ts: `const fail = defineErrors({ 'view-in-use': 409 })`, then `throw fail('view-in-use', …)`. */
export function defineErrors<const T extends Readonly<Record<string, number>>>(
  statuses: T,
): (code: keyof T & string, message: string, detail?: ErrorDetail) => DomainError {
  return (code, message, detail = {}) => new DomainError(code, message, detail, statuses[code] ?? 500);
}

export function isDomainError(error: unknown): error is DomainError {
  return error instanceof Error && error.name === 'DomainError' && 'code' in error && 'status' in error;
}

function statusOf(code: string): number {
  return (COMMON as Readonly<Record<string, number>>)[code] ?? 500;
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Invalid request',
  401: 'Not authenticated',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict',
  410: 'Gone',
  412: 'Precondition failed',
  413: 'Too large',
  415: 'Unsupported media type',
  422: 'Invalid resource',
  429: 'Too many requests',
  500: 'Internal error',
  503: 'Not available',
  504: 'Timed out',
};

/**
 * RFC 9457 problem details of anything thrown. An unknown error tells nothing of its inside: its words are in the log, under the
 * same correlation id. `type` is `urn:roofshot:problem:<code>`.
 */
export function problemOf(error: unknown, correlationId?: string): Problem & Record<string, unknown> {
  const { code, status, detail, extra } = describe(error);
  return {
    ...extra,
    type: `urn:roofshot:problem:${code}`,
    title: TITLES[status] ?? (status < 500 ? 'Refused' : 'Internal error'),
    status,
    detail,
    code,
    ...(correlationId !== undefined && { correlationId }),
  };
}

interface Described {
  readonly code: string;
  readonly status: number;
  readonly detail: string;
  readonly extra: Readonly<Record<string, unknown>>;
}

function describe(error: unknown): Described {
  if (isDomainError(error)) return { code: error.code, status: error.status, detail: error.message, extra: error.detail };
  const refused = describeRefusal(error);
  if (refused !== undefined) return refused;
  const away = awayOf(error);
  if (away !== undefined) return { ...away, status: 503, extra: {} };
  const refusal = refusalOf(error);
  if (refusal !== undefined) return { code: 'server-refused', status: 500, detail: `${refusal} Nothing was changed.`, extra: {} };
  return {
    code: 'internal',
    status: 500,
    detail: 'The service failed on this request. Nothing is wrong with the request itself; the log tells more under the correlation id.',
    extra: {},
  };
}

/** Refusals of Fastify and Nest: they carry a status below 500 and words that are fit for the caller. */
function describeRefusal(error: unknown): Described | undefined {
  if (!(error instanceof Error)) return undefined;
  const { statusCode, status = statusCode } = error as { statusCode?: unknown; status?: unknown };
  if (typeof status !== 'number' || status < 400 || status >= 500) return undefined;
  const code = Object.entries(COMMON).find(([, known]) => known === status)?.[0] ?? 'refused';
  const [, route] = /^Cannot ([A-Z]+ .*)$/.exec(error.message) ?? [];
  const detail = route === undefined ? error.message : `There is no ${route.slice(0, 200)} here. /docs lists the routes of this service.`;
  return { code, status, detail: REFUSALS[status] ?? detail, extra: {} };
}

/** Seconds after which the same request may go well: what is away is most often back in a moment, and a client should not ask in a loop. */
const RETRY_AFTER_S = 1;

/** Headers of the answer to a problem. `retryAfterSeconds` in it says when to come again. */
export function problemHeaders({ status, retryAfterSeconds }: Pick<Problem, 'status'> & Record<string, unknown>): Record<string, string> {
  const head = { 'content-type': 'application/problem+json; charset=utf-8' };
  if (status !== 503 && status !== 429) return head;
  return { ...head, 'retry-after': String(typeof retryAfterSeconds === 'number' ? retryAfterSeconds : RETRY_AFTER_S) };
}

const REFUSALS: Readonly<Record<number, string>> = {
  413: 'The body is larger than this route takes. Send it in smaller parts.',
  415: 'The body has a content type that this route does not take. Send application/json, or one of the types that /openapi.json names for the route.',
};
