import type { FastifyInstance, FastifyRequest } from 'fastify';
import { continueFrom, runIn, type TelemetryContext } from '@roofshot/telemetry/context';
import { anyService, defineMetrics, timing } from '@roofshot/telemetry/define-metrics';
import type { Logger } from '@roofshot/telemetry/logger';

declare module 'fastify' {
  interface FastifyRequest {
    /** Whom the request's work belongs to: service, correlation id and trace. */
    telemetry: TelemetryContext;
  }
}

const metrics = defineMetrics(anyService, {
  'http.ms': timing('Time to answer an HTTP request, by route and class of status. Held requests count with the time they are held.', [
    'route',
    'method',
    'status',
  ]),
});

/**
 * Gives every request its telemetry context: the correlation id of `x-correlation-id` (else a new one), echoed in the answer, and a
 * span of the trace in `traceparent`. After the answer: one log line at debug and the metric `roofshot.<service>.http.ms`.
 */
export function addRequestContext(fastify: FastifyInstance, service: string, log: Logger): void {
  fastify.decorateRequest('telemetry');
  fastify.addHook('onRequest', (request, reply, done) => {
    const { 'x-correlation-id': correlationId, traceparent } = request.headers;
    request.telemetry = { service, ...continueFrom({ correlationId, traceparent }) };
    void reply.header('x-correlation-id', request.telemetry.correlationId);
    runIn(request.telemetry, done);
  });
  // A body arrives in the context of its connection, not of its request.
  fastify.addHook('preValidation', (request, _reply, done) => runIn(request.telemetry, done));
  fastify.addHook('onResponse', (request, reply, done) => {
    runIn(request.telemetry, () => report(request, { status: reply.statusCode, milliseconds: reply.elapsedTime }, log));
    done();
  });
}

function report(request: FastifyRequest, answer: { readonly status: number; readonly milliseconds: number }, log: Logger): void {
  const { method } = request;
  const route = request.routeOptions.url ?? 'unmatched';
  metrics['http.ms'](answer.milliseconds, { route, method, status: `${Math.floor(answer.status / 100)}xx` });
  if (!log.isEnabled('debug')) return;
  log.debug('A request was answered.', {
    'http.request.method': method,
    'http.response.status_code': answer.status,
    'url.path': request.url,
    'event.duration': Math.round(answer.milliseconds * 1e6),
    'labels.route': route,
  });
}
