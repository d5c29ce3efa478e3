import type { IncomingMessage } from 'node:http';
import { Problem } from '@roofshot/contracts/http/common';
import { validatorOf } from '@roofshot/contracts/validate';
import type { Static, TSchema } from 'typebox';
import { DomainError } from './errors.ts';
import type { Observed } from './gateway-health.ts';

export interface Question {
  /** With its query. */
  readonly path: string;
  /** Sent by POST; without one it is a GET. */
  readonly body?: unknown;
  readonly timeoutMs: number;
}

/** What one service answered, or a sentence why it did not. */
export type Asked<T> = { readonly service: string } & ({ readonly answer: T } | { readonly away: string });

const PASSED_ON = ['x-actor', 'x-correlation-id', 'traceparent'] as const;

/**
 * Asks a service for one part of an answer that the gateway gives for all. A refusal of the question is thrown as the service said it; a
 * service that is away, fails, or is of a version that does not know the question is answered as away.
 */
export async function askService<S extends TSchema>(
  { name, url }: Observed,
  question: Question,
  schema: S,
  request: IncomingMessage,
): Promise<Asked<Static<S>>> {
  try {
    const response = await fetch(url + question.path, initOf(question, request));
    const body: unknown = await response.json();
    if (response.ok && validatorOf(schema).check(body)) return { service: name, answer: body };
    refuse(response.status, body);
    return { service: name, away: `${name} answers ${question.path.split('?', 1)[0]} with ${response.status}${detailOf(body)}` };
  } catch (error) {
    if (error instanceof DomainError) throw error;
    const { cause = error } = error as { cause?: unknown };
    return { service: name, away: `${name} does not answer at ${url} (${cause instanceof Error ? cause.message : String(cause)}).` };
  }
}

function initOf({ body, timeoutMs }: Question, { headers }: IncomingMessage): RequestInit {
  const passed = PASSED_ON.flatMap((name) => (typeof headers[name] === 'string' ? [[name, headers[name]] as [string, string]] : []));
  const signal = AbortSignal.timeout(timeoutMs);
  if (body === undefined) return { headers: passed, signal };
  return { method: 'POST', headers: [...passed, ['content-type', 'application/json']], body: JSON.stringify(body), signal };
}

const NOT_FOUND = 404;

/** A service's word on the question itself is the answer; that it knows no such question is not. */
function refuse(status: number, body: unknown): void {
  if (status < 400 || status >= 500 || status === NOT_FOUND || !validatorOf(Problem).check(body)) return;
  throw new DomainError(body.code, body.detail, body.faults === undefined ? {} : { faults: body.faults }, status);
}

function detailOf(body: unknown): string {
  return validatorOf(Problem).check(body) ? `: ${body.detail}` : '.';
}
