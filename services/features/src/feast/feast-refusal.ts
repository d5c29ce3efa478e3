/** Refusals as Feast's clients read them: problem details that also name the exception which the client is to raise. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Fault } from '@roofshot/contracts/validate';
import { DomainError, isDomainError, problemOf, type CommonCode } from '@roofshot/runtime/errors';
import type { HttpRequest } from '@roofshot/runtime/http';

/** Exceptions of the Python module `feast.errors`, in Feast 0.67. */
export type FeastException =
  | 'FeastError'
  | 'FeastObjectNotFoundException'
  | 'FeatureViewNotFoundException'
  | 'FeatureServiceNotFoundException'
  | 'FeatureNameCollisionError'
  | 'FeastEntityDFMissingColumnsError'
  | 'RequestDataNotFoundInEntityRowsException';

export interface FeastRefusal {
  readonly code: CommonCode;
  readonly raises: FeastException;
  readonly message: string;
  readonly faults: readonly Fault[];
}

export function refuseFeast({ code, raises, message, faults }: FeastRefusal): DomainError {
  return new DomainError(code, message, { ...exceptionOf(raises, message), faults });
}

/** What `FeastError.from_error_detail` looks for. */
const exceptionOf = (raises: FeastException, message: string): Record<string, string> => ({
  module: 'feast.errors',
  class: raises,
  message,
});

/**
 * Feast's Python client makes an exception only of a JSON *string* that holds a JSON object; of an object it makes a RuntimeError with the
 * body's text. So that client is told the same problem details quoted once more, and all others get them as RFC 9457 has them.
 * Throws on what is no refusal, and what others asked for.
 */
export function tellFeast(error: unknown, { headers, reply }: Pick<HttpRequest, 'headers' | 'reply'>): string {
  if (!isDomainError(error) || !isFeastClient(headers)) throw error;
  const problem = problemOf(error, reply.request.telemetry.correlationId);
  void reply.code(problem.status).type('application/json');
  return JSON.stringify(JSON.stringify({ ...exceptionOf('FeastError', error.message), ...problem }));
}

/** It is `requests` in its default settings; whoever names a media type is told in that. */
function isFeastClient({ 'user-agent': agent = '', accept = '*/*' }: IncomingHttpHeaders): boolean {
  return agent.startsWith('python-requests/') && accept === '*/*';
}
