import type { TObject, TSchema } from 'typebox';
import { Problem } from '@roofshot/contracts/http/common';
import type { RouteDocument } from './http.ts';

/** OpenAPI 3.1 of a service's routes, from the schemas that check the requests. JSON Schema of TypeBox is OpenAPI's own. */
export function openApiOf(service: string, routes: readonly RouteDocument[]): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = (paths[openApiPath(route.url)] ??= {});
    path[route.method.toLowerCase()] = operationOf(route);
  }
  return {
    openapi: '3.1.0',
    info: { title: `Roofshot ${service}`, version: '1', license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    paths,
    components: { schemas: { Problem } },
  };
}

/** `/v1/models/:name` → `/v1/models/{name}`; a wildcard is the parameter `path`. */
function openApiPath(url: string): string {
  return url.replaceAll(/:([A-Za-z_][A-Za-z0-9_]*)/g, '{$1}').replaceAll('*', '{path}');
}

function operationOf(route: RouteDocument): Record<string, unknown> {
  const { status = 200, body, produces = 'application/json', consumes = [] } = route;
  return {
    operationId: operationId(route),
    summary: route.summary,
    parameters: [...parametersOf('path', route.params), ...parametersOf('query', route.query)],
    ...(body !== undefined && { requestBody: { required: true, content: contentOf(body, ['application/json', ...consumes]) } }),
    ...(body === undefined && consumes.length > 0 && { requestBody: { required: true, content: contentOf(undefined, consumes) } }),
    responses: {
      [String(status)]: { description: 'Done.', ...(status !== 204 && { content: contentOf(route.response, [produces]) }) },
      default: {
        description: 'Problem details (RFC 9457): what happened, why, and what to do.',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  };
}

function operationId({ method, url }: RouteDocument): string {
  const words = url.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
  return [method.toLowerCase(), ...words].join('_');
}

function parametersOf(place: 'path' | 'query', schema: TObject | undefined): object[] {
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
