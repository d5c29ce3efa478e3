/** A route of the registry: its answers and its refusals are in Confluent's form, whatever happens. */
import { isDomainError, problemOf } from '@roofshot/runtime/errors';
import type { HttpRequest, HttpRoutes, Route } from '@roofshot/runtime/http';
import { failureLevel } from '@roofshot/storage/failure-level';
import type { Logger } from '@roofshot/telemetry/logger';
import type { TObject } from 'typebox';
import { registryDocument } from './registry-document.ts';
import { RegistryError } from './registry-errors.ts';

export const REGISTRY_V1 = 'application/vnd.schemaregistry.v1+json';
const REGISTRY = 'application/vnd.schemaregistry+json';
const JSON_TYPE = 'application/json';
/** The store could not answer. */
const STORE_FAILED = 50001;

/** Bodies under the registry's media types are read by its handlers, so that what is wrong with them is told in its form. */
export function takeRegistryBodies(http: HttpRoutes): void {
  http.fastify.addContentTypeParser([REGISTRY_V1, REGISTRY], { parseAs: 'string' }, (_request, body, done) => done(null, body));
}

/** A text is sent as it is, anything else as JSON. */
export function addRegistryRoute<P extends TObject | undefined = undefined, Q extends TObject | undefined = undefined>(
  http: HttpRoutes,
  log: Logger,
  route: Pick<Route<P, Q>, 'method' | 'url' | 'summary' | 'params' | 'query' | 'handler'>,
): void {
  http.route<P, Q>({
    ...route,
    produces: REGISTRY_V1,
    details: registryDocument(route.method, route.url, [REGISTRY_V1, REGISTRY, JSON_TYPE]),
    handler: async (request) => {
      const { reply } = request as HttpRequest;
      const type = mediaTypeFor(request.headers.accept ?? '');
      try {
        const answer = await route.handler(request);
        return await reply.type(type).send(typeof answer === 'string' ? answer : JSON.stringify(answer));
      } catch (error) {
        const { status, body } = refusalOf(error, log);
        return await reply.code(status).type(type).send(JSON.stringify(body));
      }
    },
  });
}

function mediaTypeFor(accept: string): string {
  if (accept.includes(REGISTRY_V1)) return REGISTRY_V1;
  if (accept.includes(REGISTRY)) return REGISTRY;
  return accept.startsWith(JSON_TYPE) ? JSON_TYPE : REGISTRY_V1;
}

interface Refusal {
  readonly status: number;
  readonly body: { readonly error_code: number; readonly message: string };
}

function refusalOf(error: unknown, log: Logger): Refusal {
  if (error instanceof RegistryError) return { status: error.status, body: { error_code: error.code, message: error.message } };
  if (isDomainError(error)) throw error;
  log[failureLevel(error)]('The schema registry could not answer; its client was told.', { error });
  const { status, detail } = problemOf(error, undefined);
  return { status, body: { error_code: STORE_FAILED, message: detail } };
}
