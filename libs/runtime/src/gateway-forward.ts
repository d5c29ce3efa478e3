import {
  Agent,
  request as httpRequest,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { pipeline } from 'node:stream';
import { DomainError } from './errors.ts';
import { answerProblem } from './gateway-problem.ts';
import type { Observed } from './gateway-health.ts';

/** RFC 9110 §7.6.1: of one connection, never passed on. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Passes requests on over kept connections. Bodies and answers stream; nothing is buffered, and nothing times out here. */
export class Forwarder {
  readonly #agent = new Agent({ keepAlive: true, maxFreeSockets: 64 });

  forward(request: IncomingMessage, response: ServerResponse, target: Observed): void {
    this.#send(request, response, target, { isRepeat: false });
  }

  close(): void {
    this.#agent.destroy();
  }

  #send(request: IncomingMessage, response: ServerResponse, target: Observed, { isRepeat }: { readonly isRepeat: boolean }): void {
    const upstream = httpRequest(`${target.url}${request.url ?? '/'}`, {
      method: request.method,
      headers: forwardedHeaders(request),
      agent: this.#agent,
    });
    let isAnswered = false;
    const giveUp = (): void => void upstream.destroy();
    response.once('close', giveUp);
    upstream.once('response', (answer) => {
      isAnswered = true;
      passBack(answer, response);
    });
    upstream.on('error', (error) => {
      if (isAnswered || response.destroyed) return; // an answer may come before the whole body was taken
      response.off('close', giveUp);
      if (!isRepeat && mayRepeat(upstream, request, error)) this.#send(request, response, target, { isRepeat: true });
      else answerProblem(unreachable(target, error), request, response);
    });
    request.pipe(upstream);
  }
}

function passBack(answer: IncomingMessage, response: ServerResponse): void {
  response.writeHead(answer.statusCode ?? 502, answer.statusMessage, withoutHops(answer.headers));
  response.flushHeaders(); // the head of an event stream must not wait for its first event
  // An answer that breaks off half-way breaks off here as well, so that nobody takes it for a whole one.
  pipeline(answer, response, () => undefined);
}

function forwardedHeaders(request: IncomingMessage): IncomingHttpHeaders {
  const { host = '', 'x-forwarded-for': before } = request.headers;
  const client = request.socket.remoteAddress ?? 'unknown';
  return {
    ...withoutHops(request.headers),
    'x-forwarded-for': before === undefined ? client : `${String(before)}, ${client}`,
    'x-forwarded-host': host,
    'x-forwarded-proto': 'http',
  };
}

function withoutHops(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const named = new Set((headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()));
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name) && !named.has(name)));
}

/** The service closed a kept connection just when it was used: nothing of the request was read, so a bodiless one can be sent anew. */
function mayRepeat(upstream: ClientRequest, { method }: IncomingMessage, error: Error): boolean {
  return upstream.reusedSocket && (error as NodeJS.ErrnoException).code === 'ECONNRESET' && (method === 'GET' || method === 'HEAD');
}

function unreachable({ name, url }: Observed, cause: Error): DomainError {
  return new DomainError(
    'unavailable',
    `The service ${name} does not answer at ${url} (${cause.message}). It may be starting: see /readyz, and try again.`,
  );
}
