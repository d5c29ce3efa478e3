import type { TObject, TSchema } from 'typebox';
import { Problem } from '@roofshot/contracts/http/common';
import type { RouteDocument } from './http.ts';
import type { Content, Contents, RouteDetails } from './route-details.ts';

const SECURITY_SCHEMES = {
  bearer: { type: 'http', scheme: 'bearer', description: 'A key in `Authorization: Bearer …`.' },
  basic: { type: 'http', scheme: 'basic', description: 'A key as the name of the user, with an empty password.' },
};

/** OpenAPI 3.1 of a service's routes, from the schemas that check the requests. JSON Schema of TypeBox is OpenAPI's own. */
export function openApiOf(service: string, routes: readonly RouteDocument[]): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = (paths[openApiPath(route.url)] ??= {});
    path[route.method.toLowerCase()] = operationOf(route);
  }
  const isSecured = routes.some(({ details }) => details?.security !== undefined);
  return {
    openapi: '3.1.0',
    info: { title: `Roofshot ${service}`, version: '1', license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    paths,
    components: { schemas: { Problem }, ...(isSecured && { securitySchemes: SECURITY_SCHEMES }) },
  };
}

/** `/v1/models/:name` → `/v1/models/{name}`; a wildcard is the parameter `path`. */
function openApiPath(url: string): string {
  return url.replaceAll(/:([A-Za-z_][A-Za-z0-9_]*)/g, '{$1}').replaceAll('*', '{path}');
}

function operationOf(route: RouteDocument): Record<string, unknown> {
  const { details = {} } = route;
  const content = requestContentOf(route);
  return {
    operationId: operationId(route),
    summary: route.summary,
    ...(details.description !== undefined && { description: details.description }),
    parameters: [...parametersOf('path', route.params), ...parametersOf('query', route.query), ...parametersOf('header', details.headers)],
    ...(content !== undefined && { requestBody: { required: details.isBodyOptional !== true, content } }),
    responses: { ...answerOf(route), ...refusalsOf(details) },
    ...(details.security !== undefined && { security: [...details.security.map((name) => ({ [name]: [] })), {}] }),
  };
}

function requestContentOf({ body, consumes = [], details }: RouteDocument): object | undefined {
  if (details?.bodies !== undefined) return contentsOf(details.bodies);
  if (body !== undefined) return contentOf(body, ['application/json', ...consumes]);
  return consumes.length > 0 ? contentOf(undefined, consumes) : undefined;
}

function answerOf({ status = 200, response, produces = 'application/json', details }: RouteDocument): Record<string, object> {
  const content = details?.answers === undefined ? contentOf(response, [produces]) : contentsOf(details.answers);
  return { [String(status)]: { description: 'Done.', ...(status !== 204 && { content }) } };
}

const PROBLEM_WORDS = 'Problem details (RFC 9457): what happened, why, and what to do.';
const PROBLEM = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };

function refusalsOf({ refusals = {}, refusal }: RouteDetails): Record<string, object> {
  const content = refusal === undefined ? PROBLEM : contentsOf(refusal);
  const named = Object.entries(refusals).map(([status, description]) => [status, { description, content }] as const);
  return {
    ...Object.fromEntries(named),
    default: { description: refusal === undefined ? PROBLEM_WORDS : 'What happened, why, and what to do.', content },
  };
}

function operationId({ method, url }: RouteDocument): string {
  const words = url.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
  return [method.toLowerCase(), ...words].join('_');
}

function parametersOf(place: 'path' | 'query' | 'header', schema: TObject | undefined): object[] {
  if (schema === undefined) return [];
  return Object.entries(schema.properties).map(([name, of]) => ({
    name: name === '*' ? 'path' : name,
    in: place,
    required: place === 'path' || (schema.required?.includes(name) === true && !('default' in of)),
    schema: of,
  }));
}

function contentOf(schema: TSchema | undefined, mediaTypes: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(mediaTypes.map((type) => [type, schema === undefined ? {} : { schema }]));
}

function contentsOf(contents: Contents): Record<string, unknown> {
  return Object.fromEntries(Object.entries(contents).map(([type, content]) => [type, mediaTypeOf(content)]));
}

function mediaTypeOf({ schema, examples }: Content): object {
  const named = Object.entries(examples ?? {}).map(([name, value]) => [name, { value }]);
  return { ...(schema !== undefined && { schema }), ...(named.length > 0 && { examples: Object.fromEntries(named) as object }) };
}
