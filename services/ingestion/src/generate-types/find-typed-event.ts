/** The schemas that an event type has had, by their numbers in the schema registry. */
import { DomainError } from '@roofshot/runtime/errors';
import type { Queryable } from '@roofshot/storage/sql';
import type { Catalogue } from '../catalogue.ts';
import { subjectOf } from '../schema-registry/declared-subjects.ts';
import type { SchemaObject } from '../schema-registry/json-schema-document.ts';
import { SchemaStore } from '../schema-registry/schema-store.ts';
import type { TypedEvent } from './typed-event.ts';

/** `version`: default the newest. Throws `not-found` with what there is. */
export async function findTypedEvent(
  sql: Queryable,
  catalogue: Catalogue,
  { name, version }: { readonly name: string; readonly version: number | undefined },
): Promise<TypedEvent> {
  const all = await schemasOf(sql, name);
  if (all.length === 0) throw new DomainError('not-found', `No EventType ${name} is declared. ${catalogue.suggest(name)}`.trim());
  const found = version === undefined ? all.at(-1) : all.find((one) => one.version === version);
  if (found !== undefined) return found;
  const versions = all.map((one) => one.version).join(', ');
  throw new DomainError(
    'not-found',
    `The event type ${name} has no schema ${version}. It has ${versions}; leave version out for the newest.`,
  );
}

/** Of every event type in force, by name. */
export function readDeclaredSchemas(sql: Queryable): Promise<{ name: string; description: string | null; schema: SchemaObject }[]> {
  return sql.query(
    `SELECT name, metadata->>'description' AS description, spec->'schema' AS schema
     FROM ingestion.resources WHERE kind = 'EventType' AND NOT deleted ORDER BY name COLLATE "C"`,
  );
}

/** Ascending. A type that was declared before schemas were kept has the one that is in force. */
async function schemasOf(sql: Queryable, eventType: string): Promise<TypedEvent[]> {
  const store = new SchemaStore(sql);
  const inForce = await store.declaredSchema(eventType);
  if (inForce === undefined) return [];
  const versions = (await store.versionsOf(subjectOf(eventType))).filter(
    // Others may have used the subject before the type was declared.
    ({ deleted, type, references }) => !deleted && type === 'JSON' && references.length === 0,
  );
  if (versions.length === 0) return [{ eventType, version: 1, schema: inForce }];
  return versions.map(({ version, text }) => ({ eventType, version, schema: JSON.parse(text) as SchemaObject }));
}
