/** What resources need of each other, also across services: an owner says what its own refer to, and asks before it deletes one. */
import type { ResourceDefinition } from '@roofshot/contracts/define';
import { resourceReferences, ResourceReferencesChanged, type ResourceReference } from '@roofshot/contracts/references';
import { validatorOf, type Fault } from '@roofshot/contracts/validate';
import type { EventBus, LogBounds, LogRecord } from '@roofshot/messaging/events';
import type { Publisher } from '@roofshot/messaging/handlers';
import type { Static } from 'typebox';
import type { Declared } from './resource-store.ts';

/** What a spec names, and where. Values that are no texts are a fault of the schema and left out. */
export function referencesOf({ references = {} }: ResourceDefinition, spec: unknown): ResourceReference[] {
  return Object.entries(references).flatMap(([pattern, kind]) =>
    placesOf(spec, pattern.split('/').slice(1)).flatMap(({ path, value }) =>
      typeof value === 'string' ? [{ kind, name: value, path }] : [],
    ),
  );
}

interface Place {
  readonly path: string;
  readonly value: unknown;
}

function placesOf(value: unknown, [part, ...rest]: readonly string[], path = ''): Place[] {
  if (part === undefined) return [{ path, value }];
  if (typeof value !== 'object' || value === null) return [];
  if (part !== '*') return placesOf((value as Readonly<Record<string, unknown>>)[part], rest, `${path}/${part}`);
  return Array.isArray(value) ? value.flatMap((item, index) => placesOf(item, rest, `${path}/${index}`)) : [];
}

export const hasReferences = ({ references = {} }: ResourceDefinition): boolean => Object.keys(references).length > 0;

/** In the transaction of the change. */
export function sayReferences(
  tx: Publisher,
  definition: ResourceDefinition,
  resource: Declared,
  { deleted }: { readonly deleted: boolean },
): void {
  if (!hasReferences(definition)) return;
  const { kind, metadata, generation, spec } = resource;
  const references = deleted ? [] : referencesOf(definition, spec);
  const data = { kind, name: metadata.name, generation, deleted, references };
  tx.publish(resourceReferences, [{ type: 'resource-references.changed', subject: `${kind}/${metadata.name}`, data }]);
}

export type Said = Static<typeof ResourceReferencesChanged.schema>;
type ReferenceLog = Pick<EventBus, 'bounds' | 'readFrom'>;

const PAGE = 500;

/**
 * What has been said of each resource, by `<kind>/<name>`: all that is on the log when this is called. Deletions are rare and the topic
 * is small, so it is read anew each time: nothing that was said before is missed, as it could be in a copy that lags.
 */
export async function readReferences(log: ReferenceLog): Promise<Map<string, Said>> {
  const said = new Map<string, Said>();
  const { check } = validatorOf(ResourceReferencesChanged.schema);
  for (const bounds of await log.bounds(resourceReferences.name)) {
    for await (const { value } of recordsOf(log, bounds)) {
      const data: unknown = JSON.parse(value);
      if (check(data)) said.set(`${data.kind}/${data.name}`, data);
    }
  }
  return said;
}

async function* recordsOf(log: ReferenceLog, bounds: LogBounds): AsyncGenerator<LogRecord> {
  let offset = bounds.start;
  while (offset < bounds.end) {
    const records = await log.readFrom(bounds, offset, PAGE);
    yield* records;
    // Compaction may have taken the last ones.
    offset = (records.at(-1)?.offset ?? bounds.end) + 1;
  }
}

/** Why a resource may not be deleted: each resource of another owner that needs it. `own`: kinds whose owner looks itself. */
export function neededBy(said: ReadonlyMap<string, Said>, { kind, metadata }: Declared, own: ReadonlySet<string>): Fault[] {
  const needers = [...said.values()].filter((one) => !own.has(one.kind));
  return needers.flatMap((needer) => {
    const places = needer.references.filter((reference) => reference.kind === kind && reference.name === metadata.name);
    if (places.length === 0) return [];
    const where = places.map(({ path }) => `spec${path}`).join(' and ');
    return [{ path: '', message: `${needer.kind}/${needer.name} needs it (${where}); delete or change that first` }];
  });
}
