/** By which a sender of CloudEvents asks whether it may deliver here (CloudEvents HTTP 1.1 Web Hooks, section 4). */
import { Type } from 'typebox';
import { DomainError } from '@roofshot/runtime/errors';
import type { HttpRoutes } from '@roofshot/runtime/http';
import { TAKEN_ENCODINGS } from './decode-body.ts';

const ORIGIN = /^[A-Za-z0-9.:_-]{1,253}$/;
const HEADERS = Type.Object({
  'webhook-request-origin': Type.Optional(Type.String({ description: 'The DNS name of the sender.' })),
  'webhook-request-rate': Type.Optional(Type.String({ description: 'Requests a minute that it asks for.' })),
});
const RATE = /^[1-9]\d{0,8}$/;

/**
 * Whoever may send may deliver: the origin is allowed by its name, and as many requests a minute as it asks for, since what is too much
 * at a moment is refused with `Retry-After`. A permission is answered at once, so `WebHook-Request-Callback` is never called.
 */
export function addWebhookHandshake(http: HttpRoutes, url: string): void {
  http.route({
    method: 'OPTIONS',
    url,
    summary: 'The web-hook handshake: a sender that names itself in WebHook-Request-Origin may deliver.',
    response: Type.Null(),
    status: 204,
    details: { headers: HEADERS, refusals: { 400: 'A header is not what the specification asks. Nothing was allowed.' } },
    handler: ({ headers, reply }) => {
      void reply.headers({ allow: 'OPTIONS, POST', 'accept-encoding': TAKEN_ENCODINGS });
      const [origin, rate] = [headers['webhook-request-origin'], headers['webhook-request-rate']];
      if (origin === undefined) return null;
      if (typeof origin !== 'string' || !ORIGIN.test(origin)) throw faulty('WebHook-Request-Origin', 'a DNS name, like events.example.com');
      if (rate !== undefined && (typeof rate !== 'string' || !RATE.test(rate)))
        throw faulty('WebHook-Request-Rate', 'a number of requests a minute, like 120');
      void reply.headers({ 'webhook-allowed-origin': origin, ...(rate !== undefined && { 'webhook-allowed-rate': rate }) });
      return null;
    },
  });
}

function faulty(header: string, what: string): DomainError {
  return new DomainError('invalid', `${header} must be ${what}. Nothing was allowed: correct it and ask again.`);
}
