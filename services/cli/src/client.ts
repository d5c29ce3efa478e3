/** HTTP to the platform: JSON in, JSON out, problem details as errors. */
import { Problem } from '@roofshot/contracts/http/common';
import { validatorOf } from '@roofshot/contracts/validate';
import { EXIT, Exit } from './exit-codes.ts';

export const DEFAULT_URL = 'http://127.0.0.1:4100';

/** An answer that the platform gave instead of the wished one. */
export class Refusal extends Exit {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(EXIT.fault, problem.detail);
    this.name = 'Refusal';
    this.problem = problem;
  }
}

export interface Call {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Calls the platform. Throws `Refusal` for problem details and `Exit(unreachable)` when nothing answers. */
export async function call<T>(url: string, path: string, { method = 'GET', body, headers = {} }: Call = {}): Promise<T> {
  const answer = await reach(url, path, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), 'x-actor': 'cli', ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (answer.ok) return (text === '' ? undefined : JSON.parse(text)) as T;
  throw new Refusal(problemOf(answer.status, text));
}

async function reach(url: string, path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(new URL(path, url), init);
  } catch (error) {
    throw new Exit(
      EXIT.unreachable,
      `Nothing answers at ${url}. Start the platform with \`roofshot up\`, or name its address with --url.`,
      {
        cause: error,
      },
    );
  }
}

function problemOf(status: number, text: string): Problem {
  try {
    const body: unknown = JSON.parse(text);
    if (validatorOf(Problem).check(body)) return body;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return { type: 'about:blank', title: 'Unexpected answer', status, code: 'unexpected', detail: `HTTP ${status}: ${text.slice(0, 500)}` };
}
