import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from './errors.ts';
import { Signal } from './signal.ts';

/** Answered until the very end: who asks them wants to know that the service stops. */
const ALWAYS_ANSWERED = new Set(['/healthz', '/readyz']);

/** Counts the requests that run, and stops taking new ones while those are finished. */
export class HttpIntake {
  readonly #stopping = new AbortController();
  readonly #drained = new Signal();
  #running = 0;

  constructor(fastify: FastifyInstance) {
    fastify.addHook('onRequest', (request, reply, done) => {
      if (this.#stopping.signal.aborted && !ALWAYS_ANSWERED.has(request.routeOptions.url ?? '')) this.#refuse(reply, done);
      else this.#take(request, reply, done);
    });
  }

  /** Aborts when the service begins to stop: held requests answer with what they have. */
  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  /** Takes no more requests. Resolves when those that run have ended, or after the time. Answers how many still run. */
  async close(timeoutMs: number): Promise<number> {
    this.#stopping.abort();
    await this.#drained.waitUntil(() => this.#running === 0, { timeoutMs });
    return this.#running;
  }

  #take(request: FastifyRequest, reply: FastifyReply, done: () => void): void {
    if (ALWAYS_ANSWERED.has(request.routeOptions.url ?? '')) return done();
    this.#running += 1;
    reply.raw.once('close', () => {
      this.#running -= 1;
      this.#drained.changed();
    });
    done();
  }

  #refuse(reply: FastifyReply, done: (error: Error) => void): void {
    reply.header('connection', 'close');
    done(
      new DomainError(
        'unavailable',
        'The service is stopping and takes no more requests. Send it again: another replica answers, or this one soon.',
      ),
    );
  }
}
