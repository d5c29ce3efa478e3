/** Event types as subjects of the registry: the schemas that were declared, in their order, under `<type>-value`. */
import type { EventTypeSpec } from '@roofshot/contracts/resources/event-type';
import type { Fault } from '@roofshot/contracts/validate';
import type { Queryable } from '@roofshot/storage/sql';
import { checkCompatibility, type EarlierVersion, type VersionIncompatibility } from './check-compatibility.ts';
import { fingerprintOf, parseKnownSchema, type SchemaText } from './parse-schema.ts';
import { registryError } from './registry-errors.ts';
import { SchemaStore } from './schema-store.ts';

const SUFFIX = '-value';

/** The subject that shows the schemas of an event type. */
export const subjectOf = (type: string): string => `${type}${SUFFIX}`;

type Schema = EventTypeSpec['schema'];

const textOf = (schema: Schema): SchemaText => ({ type: 'JSON', text: JSON.stringify(schema), references: [] });

/** Why a declaration may not replace those before it, at its compatibility level: every reason, with pointers into its spec. */
export async function findIncompatible(tx: Queryable, type: string, spec: EventTypeSpec): Promise<Fault[]> {
  const { schema, compatibility = 'NONE' } = spec;
  if (compatibility === 'NONE') return [];
  const earlier = await declaredBefore(tx, type);
  const next = textOf(schema);
  // Applying again what is declared is never a fault, whatever was declared before it.
  if (earlier.at(-1)?.fingerprint.equals(fingerprintOf(next)) === true) return [];
  return checkCompatibility(parseKnownSchema(next, []), earlier, compatibility).map(faultOf);
}

const faultOf = ({ path, version, direction, rule, message, fix }: VersionIncompatibility): Fault => ({
  path: `/schema${path.slice(path.indexOf('#') + 1)}`,
  message: `is not ${direction.toLowerCase()} compatible with schema ${version} of this event type (${rule}): ${message} ${fix}`,
});

type Declared = EarlierVersion & { readonly fingerprint: Buffer };

/** Ascending. A type that was declared before schemas were kept has the one that is in force. */
async function declaredBefore(tx: Queryable, type: string): Promise<Declared[]> {
  const store = new SchemaStore(tx);
  const versions = (await store.versionsOf(subjectOf(type))).filter(({ deleted }) => !deleted);
  if (versions.length > 0) return versions.map((one) => declared(one.version, one));
  const inForce = await store.declaredSchema(type);
  return inForce === undefined ? [] : [declared(1, textOf(inForce))];
}

const declared = (version: number, text: SchemaText): Declared => ({
  version,
  schema: parseKnownSchema(text, []),
  fingerprint: fingerprintOf(text),
});

/** Keeps the schema of a declaration as the next version, where it is another than the last; and the one before it, where none is kept. */
export async function keepDeclared(tx: Queryable, type: string, spec: EventTypeSpec, previous: EventTypeSpec | undefined): Promise<void> {
  const store = new SchemaStore(tx);
  await store.lock();
  const subject = subjectOf(type);
  const isFirst = (await store.versionsOf(subject)).every(({ deleted }) => deleted);
  if (isFirst && previous !== undefined) await addVersion(store, subject, textOf(previous.schema));
  await addVersion(store, subject, textOf(spec.schema));
  await store.changeSettings(subject, { compatibility: spec.compatibility ?? 'NONE' });
}

async function addVersion(store: SchemaStore, subject: string, schema: SchemaText): Promise<void> {
  const fingerprint = fingerprintOf(schema);
  const id = (await store.idOf(fingerprint)) ?? (await store.addSchema(schema, fingerprint));
  const versions = await store.versionsOf(subject);
  const latest = versions.findLast(({ deleted }) => !deleted);
  if (latest?.id !== id) await store.addVersion(subject, (versions.at(-1)?.version ?? 0) + 1, id);
}

/** Hides the versions of a type that is no longer declared; their schemas can still be read by id. */
export async function hideDeclared(tx: Queryable, type: string): Promise<void> {
  const store = new SchemaStore(tx);
  await store.lock();
  const versions = await store.versionsOf(subjectOf(type));
  await store.hide(
    subjectOf(type),
    versions.map(({ version }) => version),
  );
  await store.changeSettings(subjectOf(type), { compatibility: null });
}

/** A declaration is the only master of its subject. Throws 42205. */
export async function refuseDeclared(store: SchemaStore, subject: string): Promise<void> {
  if (!subject.endsWith(SUFFIX)) return;
  const type = subject.slice(0, -SUFFIX.length);
  if ((await store.declaredSchema(type)) === undefined) return;
  throw registryError(
    42205,
    `Subject ${subject} shows the schemas of the event type ${type}, which its declaration alone changes: apply the EventType ${type}. Nothing was changed.`,
  );
}
