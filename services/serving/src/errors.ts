import type { Fault } from '@roofshot/contracts/validate';
import { DomainError, defineErrors, type ErrorDetail } from '@roofshot/runtime/errors';

const fail = defineErrors({ 'not-ready': 503, 'spool-full': 503, 'spool-unwritable': 503, 'no-answer': 503 });

const MAX_TOLD = 10;

export function unknownDeployment(name: string, suggestion: string): DomainError {
  return new DomainError('not-found', `There is no Deployment ${name}${suggestion}. Apply it first, or correct the name.`);
}

/** The deployment is declared, but cannot answer yet. */
export function notReady(message: string, detail?: ErrorDetail): DomainError {
  return fail('not-ready', message, detail);
}

/** Neither a version nor a constant can answer. */
export function noAnswer(deployment: string, reason: string): DomainError {
  return fail(
    'no-answer',
    `Nothing can answer for Deployment ${deployment}: ${reason}. Promote a version to its default alias, or declare \`fallback: {score}\`.`,
  );
}

/** Of a question whose answer would not be on the log. `path`: of the question in the body. */
export function tooLargeToLog(faults: readonly Fault[]): DomainError {
  const told = faults.slice(0, MAX_TOLD).map(({ path, message }) => `${path === '' ? 'the question' : path} ${message}`);
  const more = faults.length > MAX_TOLD ? `; and ${faults.length - MAX_TOLD} more` : '';
  return new DomainError(
    'too-large',
    `Nothing was answered, because what is answered must be logged: ${told.join('; ')}${more}. Send shorter texts in entities and context, or raise max.message.bytes of the topic predictions.v1 in Kafka.`,
    { faults },
  );
}

export function spoolFull(bytes: number, maxBytes: number): DomainError {
  return fail(
    'spool-full',
    `Predictions are refused, because ${megabytes(bytes)} MB of answers wait for the event log and ${megabytes(maxBytes)} MB is the limit. Bring the event log back, or raise SERVING_SPOOL_MAX_MB; then ask again.`,
  );
}

export function spoolUnwritable(folder: string, cause: unknown): DomainError {
  const { code = 'unknown error' } = cause as { code?: string };
  const error = fail(
    'spool-unwritable',
    `Predictions are refused, because what is answered cannot be logged: writing to ${folder} failed (${code}). Free space there or give this user the right to write; then ask again.`,
  );
  error.cause = cause;
  return error;
}

const megabytes = (bytes: number): string => (bytes / 1_048_576).toFixed(0);
