import type { IncomingMessage, ServerResponse } from 'node:http';
import { continueFrom } from '@roofshot/telemetry/context';
import { problemHeaders, problemOf } from './errors.ts';

/** Once a part of the answer has left, the only honest end is to break it off. */
export function answerProblem(error: unknown, request: IncomingMessage, response: ServerResponse): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { correlationId } = continueFrom({
    correlationId: request.headers['x-correlation-id'],
    traceparent: request.headers['traceparent'],
  });
  const problem = problemOf(error, correlationId);
  response.writeHead(problem.status, { ...problemHeaders(problem), 'x-correlation-id': correlationId }).end(JSON.stringify(problem));
}
