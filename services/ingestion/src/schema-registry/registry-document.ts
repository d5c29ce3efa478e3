/** What `/openapi.json` says of the registry, whose bodies and refusals are Confluent's. */
import type { Contents, RouteDetails } from '@roofshot/runtime/route-details';
import { Type, type TSchema } from 'typebox';
import { SCHEMA_TYPES } from './parse-schema.ts';

const RegistryFault = Type.Object({
  error_code: Type.Integer({ description: "Confluent's code: 40401, 40402, 40403, 409, 42201, 42205, 50001, …" }),
  message: Type.String({ description: 'What happened, why, and what to do.' }),
});

export const SchemaBody = Type.Object({
  schema: Type.String({ description: 'The text of the schema.' }),
  schemaType: Type.Optional(Type.Union(SCHEMA_TYPES.map((type) => Type.Literal(type)))),
  references: Type.Optional(
    Type.Array(Type.Object({ name: Type.String(), subject: Type.String(), version: Type.Integer() }), {
      description: 'Schemas that this one refers to.',
    }),
  ),
});

const EXAMPLES: Readonly<Record<string, unknown>> = {
  schema: { schemaType: 'JSON', schema: '{"type": "object", "additionalProperties": false, "properties": {"amount": {"type": "number"}}}' },
  compatibility: { compatibility: 'BACKWARD' },
  mode: { mode: 'READONLY' },
};

const Settings = { compatibility: Type.Object({ compatibility: Type.String() }), mode: Type.Object({ mode: Type.String() }) };

/** By the route's path; `mediaTypes`: all that are taken, and answered. */
export function registryDocument(method: string, url: string, mediaTypes: readonly string[]): RouteDetails {
  const of = (content: Contents[string]): Contents => Object.fromEntries(mediaTypes.map((type) => [type, content]));
  const refusal = of({ schema: RegistryFault });
  if (method === 'GET' || method === 'DELETE') return { refusal };
  const [what, schema] = bodyOf(url);
  return { bodies: of({ schema, examples: { [what]: EXAMPLES[what] } }), refusal };
}

function bodyOf(url: string): [string, TSchema] {
  if (url.startsWith('/config')) return ['compatibility', Settings.compatibility];
  return url.startsWith('/mode') ? ['mode', Settings.mode] : ['schema', SchemaBody];
}
