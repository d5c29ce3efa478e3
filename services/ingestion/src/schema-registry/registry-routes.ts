/** Subjects, versions, schemas and their compatibility, as Confluent's Schema Registry serves them. */
import type { HttpRoutes } from '@roofshot/runtime/http';
import type { Sql } from '@roofshot/storage/sql';
import type { Logger } from '@roofshot/telemetry/logger';
import { Type } from 'typebox';
import { describeIncompatibility, type VersionIncompatibility } from './check-compatibility.ts';
import { deleteSubject, deleteVersion } from './delete-versions.ts';
import { SCHEMA_TYPES } from './parse-schema.ts';
import { readId, readSchemaRequest, readVersion } from './read-request.ts';
import { addRegistryRoute, REGISTRY_V1 } from './registry-route.ts';
import { SchemaRegistry } from './schema-registry.ts';
import type { StoredSchema, StoredVersion } from './schema-store.ts';

const flag = Type.Boolean({ default: false });
const Subject = Type.Object({ subject: Type.String({ minLength: 1 }) });
const SubjectVersion = Type.Object({ subject: Type.String({ minLength: 1 }), version: Type.String() });
const SchemaId = Type.Object({ id: Type.String() });
const Deleted = Type.Object({ deleted: flag });
const Permanent = Type.Object({ permanent: flag });

/** Who answers and where faults are logged. */
export interface RegistryNeeds {
  readonly sql: Sql;
  readonly log: Logger;
}

export function addRegistryRoutes(http: HttpRoutes, { sql, log }: RegistryNeeds): void {
  const registry = new SchemaRegistry(sql);
  answerAtRoot(http);
  addSubjectRoutes(http, registry, { sql, log });
  addVersionRoutes(http, registry, { sql, log });
  addSchemaRoutes(http, registry, log);
  addCompatibilityRoutes(http, registry, log);
}

/** Clients look there whether a registry answers. At the service's own door alone: the platform's has the console at this path. */
function answerAtRoot(http: HttpRoutes): void {
  http.fastify.get('/', (_request, reply) => reply.type(REGISTRY_V1).send('{}'));
}

function addSubjectRoutes(http: HttpRoutes, registry: SchemaRegistry, { sql, log }: RegistryNeeds): void {
  addRegistryRoute(http, log, {
    method: 'GET',
    url: '/subjects',
    summary: 'The subjects that have versions, by name.',
    query: Type.Object({ deleted: flag, subjectPrefix: Type.String({ default: '' }) }),
    handler: ({ query }) => registry.subjects(query.subjectPrefix, query.deleted),
  });
  addRegistryRoute(http, log, {
    method: 'POST',
    url: '/subjects/:subject',
    summary: 'The version of the subject that has this schema.',
    params: Subject,
    query: Deleted,
    handler: async ({ params, query, body }) =>
      versionAnswer(await registry.lookUp(params.subject, readSchemaRequest(body), query.deleted)),
  });
  addRegistryRoute(http, log, {
    method: 'DELETE',
    url: '/subjects/:subject',
    summary: 'Deletes all versions; with permanent=true those that were deleted before, for ever.',
    params: Subject,
    query: Permanent,
    handler: ({ params, query }) => deleteSubject(sql, params.subject, query.permanent),
  });
}

function addVersionRoutes(http: HttpRoutes, registry: SchemaRegistry, { sql, log }: RegistryNeeds): void {
  addRegistryRoute(http, log, {
    method: 'GET',
    url: '/subjects/:subject/versions',
    summary: 'The versions of a subject.',
    params: Subject,
    query: Deleted,
    handler: async ({ params, query }) => (await registry.versions(params.subject, query.deleted)).map(({ version }) => version),
  });
  addRegistryRoute(http, log, {
    method: 'POST',
    url: '/subjects/:subject/versions',
    summary: 'Registers a schema and answers its id. One that is not compatible is refused with every reason.',
    params: Subject,
    handler: async ({ params, body }) => ({ id: await registry.register(params.subject, readSchemaRequest(body)) }),
  });
  addRegistryRoute(http, log, {
    method: 'GET',
    url: '/subjects/:subject/versions/:version',
    summary: 'One version of a subject, by its number or as latest.',
    params: SubjectVersion,
    query: Deleted,
    handler: async ({ params, query }) => versionAnswer(await registry.version(params.subject, readVersion(params.version), query.deleted)),
  });
  addRegistryRoute(http, log, {
    method: 'GET',
    url: '/subjects/:subject/versions/:version/schema',
    summary: 'The schema of a version alone.',
    params: SubjectVersion,
    query: Deleted,
    handler: async ({ params, query }) => (await registry.version(params.subject, readVersion(params.version), query.deleted)).text,
  });
  addRegistryRoute(http, log, {
    method: 'GET',
    url: '/subjects/:subject/versions/:version/referencedby',
    summary: 'Ids of the schemas that refer to a version.',
    params: SubjectVersion,
    handler: ({ params }) => registry.referencesTo(params.subject, readVersion(params.version)),
  });
  addRegistryRoute(http, log, {
    method: 'DELETE',
    url: '/subjects/:subject/versions/:version',
    summary: 'Deletes a version; with permanent=true one that was deleted before, for ever.',
    params: SubjectVersion,
    query: Permanent,
    handler: ({ params, query }) => deleteVersion(sql, params.subject, readVersion(params.version), query.permanent),
  });
}

function addSchemaRoutes(http: HttpRoutes, registry: SchemaRegistry, log: Logger): void {
  addRegistryRoute(http, log, {
    method: 'GET',
    url: '/schemas/types',
    summary: 'The types of schemas that are served.',
    handler: () => SCHEMA_TYPES,
  });
  addRegistryRoute(http, log, {
    method: 'GET',
    url: '/schemas/ids/:id',
    summary: 'The schema of an id, as data carry it.',
    params: SchemaId,
    handler: async ({ params }) => schemaAnswer(await registry.schema(readId(params.id))),
  });
  addRegistryRoute(http, log, {
    method: 'GET',
    url: '/schemas/ids/:id/schema',
    summary: 'The schema of an id alone.',
    params: SchemaId,
    handler: async ({ params }) => (await registry.schema(readId(params.id))).text,
  });
  addRegistryRoute(http, log, {
    method: 'GET',
    url: '/schemas/ids/:id/versions',
    summary: 'The versions of subjects that have the schema of an id.',
    params: SchemaId,
    query: Deleted,
    handler: ({ params, query }) => registry.versionsWith(readId(params.id), query.deleted),
  });
  addRegistryRoute(http, log, {
    method: 'GET',
    url: '/schemas/ids/:id/subjects',
    summary: 'The subjects that have the schema of an id.',
    params: SchemaId,
    query: Deleted,
    handler: async ({ params, query }) => [
      ...new Set((await registry.versionsWith(readId(params.id), query.deleted)).map(({ subject }) => subject)),
    ],
  });
}

function addCompatibilityRoutes(http: HttpRoutes, registry: SchemaRegistry, log: Logger): void {
  const Verbose = Type.Object({ verbose: flag });
  addRegistryRoute(http, log, {
    method: 'POST',
    url: '/compatibility/subjects/:subject/versions',
    summary: "Whether a schema could be registered at the subject's level; with verbose=true every reason why not.",
    params: Subject,
    query: Verbose,
    handler: async ({ params, query, body }) =>
      compatibilityAnswer(await registry.check(params.subject, readSchemaRequest(body)), query.verbose),
  });
  addRegistryRoute(http, log, {
    method: 'POST',
    url: '/compatibility/subjects/:subject/versions/:version',
    summary: "Whether a schema is compatible with a version at the subject's level; with verbose=true every reason why not.",
    params: SubjectVersion,
    query: Verbose,
    handler: async ({ params, query, body }) =>
      compatibilityAnswer(await registry.check(params.subject, readSchemaRequest(body), readVersion(params.version)), query.verbose),
  });
}

function compatibilityAnswer(found: readonly VersionIncompatibility[], isVerbose: boolean): object {
  return { is_compatible: found.length === 0, ...(isVerbose && { messages: found.map(describeIncompatibility) }) };
}

/** Clients take a schema without a type for Avro, and older ones break on fields that they do not know. */
const schemaAnswer = ({ type, text, references }: StoredSchema): object => ({
  ...(type !== 'AVRO' && { schemaType: type }),
  ...(references.length > 0 && { references }),
  schema: text,
});

const versionAnswer = ({ subject, version, id, ...schema }: StoredVersion): object => ({
  subject,
  version,
  id,
  ...schemaAnswer({ id, ...schema }),
});
