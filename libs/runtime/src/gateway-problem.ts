import type { IncomingMessage, ServerResponse } from 'node:http';
import { continueFrom, runWith, type TelemetryContext } from '@roofshot/telemetry/context';
import { log } from '@roofshot/telemetry/logger';
import { problemHeaders, problemOf } from './errors.ts';

/** Once a part of the answer has left, the only honest end is to break it off. */
export function answerProblem(error: unknown, request: IncomingMessage, response: ServerResponse): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const trace = continueFrom({
    correlationId: request.headers['x-correlation-id'],
    traceparent: request.headers['traceparent'],
  });
  const { correlationId } = trace;
  const problem = problemOf(error, correlationId);
  if (problem.status === 500) logFailure({ service: 'gateway', ...trace }, request, error);
  response.writeHead(problem.status, { ...problemHeaders(problem), 'x-correlation-id': correlationId }).end(JSON.stringify(problem));
}

/** A service that is away is told by the answer, and by `/readyz`; this is a fault of the gateway's own. */
function logFailure(telemetry: TelemetryContext, { method }: IncomingMessage, error: unknown): void {
  runWith(telemetry, () => log.error('A request failed.', { 'http.request.method': method, 'http.response.status_code': 500, error }));
}
