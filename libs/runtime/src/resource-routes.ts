import { Type, type TObject, type TUnsafe } from 'typebox';
import { Closed, type ResourceDefinition } from '@roofshot/contracts/define';
import { Applied, ApplyAnswer, SentResource } from '@roofshot/contracts/http/common';
import { Name } from '@roofshot/contracts/ids';
import { actorOf, headerText } from './actor.ts';
import { DomainError } from './errors.ts';
import type { HttpRequest, HttpRoutes } from './http.ts';
import type { OwnedKind } from './resource-rules.ts';
import type { Declared } from './resource-store.ts';
import { Resources, type ChangeRequest, type ResourcesPlatform } from './resources.ts';

const NameParam = Type.Object({ name: Name });
/** Closed: a misspelt `dryRun` must not become a change. */
const Changing = Closed({ dryRun: Type.Optional(Type.Boolean({ description: 'Tell what would change, and change nothing.' })) });

/** Trainers' code travels in the spec, and a set may hold many. */
const BODY_LIMIT = 16 * 1024 * 1024;

/**
 * Makes a service the owner of kinds, under `/v1/<plural>` and `/v1/apply/<service>`. Changes name their maker in `x-actor` and
 * their cause in `x-reason`, for the audit. `If-Match: <generation>` makes a change conditional.
 */
export function ownResources(http: HttpRoutes, platform: ResourcesPlatform, kinds: readonly OwnedKind[]): Resources {
  const resources = new Resources(platform, kinds);
  for (const kind of kinds) {
    addReads(http, resources, kind.definition);
    addChanges(http, resources, kind);
  }
  addApply(http, resources, platform.name);
  http.fastify.addHook('onReady', () => resources.sayAllReferences());
  return resources;
}

const resourceSchema = ({ spec }: ResourceDefinition): TUnsafe<Declared> =>
  Type.Unsafe<Declared>(
    Type.Object({ ...SentResource.properties, spec, status: Type.Optional(Type.Unknown()), generation: Type.Integer() }),
  );

/** As it is sent. The kind itself checks the spec, so that all faults are told in one answer. */
const sentSchema = ({ name, spec }: ResourceDefinition): TObject =>
  Type.Object({ ...SentResource.properties, kind: Type.Literal(name), spec });

function addReads(http: HttpRoutes, resources: Resources, kind: ResourceDefinition): void {
  http.route({
    method: 'GET',
    url: `/v1/${kind.plural}`,
    summary: `All of kind ${kind.name}. ${kind.description}`,
    response: Type.Object({ items: Type.Array(resourceSchema(kind)) }),
    handler: async () => ({ items: await resources.list(kind) }),
  });
  http.route({
    method: 'GET',
    url: `/v1/${kind.plural}/:name`,
    summary: `One ${kind.name} with its status and generation.`,
    params: NameParam,
    response: resourceSchema(kind),
    handler: async ({ params: { name }, reply }) => {
      const resource = await resources.find(kind, name);
      if (resource === undefined) throw await resources.unknown(kind, name);
      void reply.header('etag', `"${resource.generation}"`);
      return resource;
    },
  });
}

function addChanges(http: HttpRoutes, resources: Resources, kind: OwnedKind): void {
  const { name: kindName, plural } = kind.definition;
  http.route({
    method: 'PUT',
    url: `/v1/${plural}/:name`,
    summary: `Applies a ${kindName}: created, changed or unchanged, with the differences.`,
    params: NameParam,
    query: Changing,
    body: SentResource,
    details: { bodies: { 'application/json': { schema: sentSchema(kind.definition) } } },
    response: Applied,
    bodyLimit: BODY_LIMIT,
    handler: ({ params: { name }, query: { dryRun = false }, body, headers }) => {
      refuseOtherTarget(body, kindName, name);
      return resources.applyOne(body, changeRequest(headers, dryRun));
    },
  });
  http.route({
    method: 'DELETE',
    url: `/v1/${plural}/:name`,
    summary: `Deletes a ${kindName}, unless something needs it (409 names what does). What is applied while this runs may be left without it.`,
    params: NameParam,
    query: Changing,
    response: Applied,
    handler: ({ params: { name }, query: { dryRun = false }, headers }) => resources.remove(kind, name, changeRequest(headers, dryRun)),
  });
}

function addApply(http: HttpRoutes, resources: Resources, service: string): void {
  http.route({
    method: 'POST',
    url: `/v1/apply/${service}`,
    summary: 'Applies resources of this service together: all or nothing, with references checked against the set and what is there.',
    // Each resource is checked by its own kind, so that all faults are told in one answer.
    body: Type.Object({
      resources: Type.Array(Type.Unknown(), { description: 'Resources: apiVersion, kind, metadata, spec.' }),
      dryRun: Type.Boolean(),
    }),
    response: ApplyAnswer,
    bodyLimit: BODY_LIMIT,
    handler: async ({ body, headers }) => ({ results: await resources.apply(body.resources, changeRequest(headers, body.dryRun)) }),
  });
}

function refuseOtherTarget({ kind, metadata }: SentResource, kindName: string, name: string): void {
  const faults = [
    ...(kind === kindName ? [] : [{ path: '/kind', message: `must be ${kindName}, as the path says` }]),
    ...(metadata.name === name ? [] : [{ path: '/metadata/name', message: `must be ${name}, as the path says` }]),
  ];
  if (faults.length === 0) return;
  throw new DomainError(
    'invalid-resource',
    `The resource is ${kind}/${metadata.name}, but it was sent to ${kindName}/${name}. Send it to its own path.`,
    { faults },
  );
}

function changeRequest(headers: HttpRequest['headers'], dryRun: boolean): ChangeRequest {
  return {
    dryRun,
    actor: actorOf(headers),
    reason: headerText(headers['x-reason']) ?? '',
    ifGeneration: generationOf(headers['if-match']),
  };
}

function generationOf(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const [, digits] = /^(?:W\/)?"?(\d{1,15})"?$/.exec(header.trim()) ?? [];
  if (digits !== undefined) return Number(digits);
  throw new DomainError('invalid', `If-Match is ${header}, but must be the generation that was read, such as "3".`, {
    faults: [{ path: '/headers/if-match', message: 'must be a generation' }],
  });
}
