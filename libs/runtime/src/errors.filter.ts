import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { failureLevel } from '@roofshot/storage/failure-level';
import { runWith } from '@roofshot/telemetry/context';
import type { Logger } from '@roofshot/telemetry/logger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { problemHeaders, problemOf } from './errors.ts';

/** The one place where an error becomes an answer, for Nest's routes and for those on the Fastify instance. Failures (5xx) are logged here. */
@Catch()
export class ErrorsFilter implements ExceptionFilter {
  private readonly log: Logger;

  constructor(log: Logger) {
    this.log = log;
  }

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    answerProblem(error, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>(), this.log);
  }
}

/** Answers with problem details, whatever was thrown. */
export function answerProblem(error: unknown, request: FastifyRequest, reply: FastifyReply, log: Logger): void {
  // Absent where the router refused the URL before any hook ran.
  const telemetry = (request.telemetry as FastifyRequest['telemetry'] | undefined) ?? {};
  const problem = problemOf(error, telemetry.correlationId);
  if (problem.status >= 500) {
    const level = problem.status === 500 ? 'error' : failureLevel(error);
    runWith(telemetry, () =>
      log[level]('A request failed.', {
        'http.request.method': request.method,
        'url.path': request.url,
        'http.response.status_code': problem.status,
        'labels.route': request.routeOptions.url,
        error,
      }),
    );
  }
  if (reply.sent) return;
  void reply.code(problem.status).headers(problemHeaders(problem)).send(problem);
}
