import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { Logger } from '@roofshot/telemetry/logger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { answerProblem } from './errors.filter.ts';
import { addRequestContext } from './request-context.ts';

/** Ids in paths may be as long as the contracts allow (512 characters), and percent-encoded. */
const MAX_PARAM_LENGTH = 2048;

/** Nest's adapter on a Fastify instance that gives each request its context, and answers problem details also for URLs it cannot read. */
export function createAdapter(service: string, log: Logger): FastifyAdapter {
  const adapter = new FastifyAdapter({
    forceCloseConnections: true, // requests have ended by then; connections opened ahead of a request would hold up the close
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => answerProblem(error, request, reply, log),
  });
  addRequestContext(adapter.getInstance(), service, log);
  return adapter;
}
