/** What a schema takes from other subjects, with what those take in turn. */
import type { ReferredSchema, SchemaReference } from './parse-schema.ts';
import { registryError } from './registry-errors.ts';
import type { SchemaStore, StoredVersion } from './schema-store.ts';

/** References lie in each other at most so deep. */
const MAX_DEPTH = 16;
/** One schema takes in at most so many others: each is compiled with it. */
const MAX_SCHEMAS = 200;

/** What lies deeper comes first, each version once. Throws 42201 when a version is not there. */
export async function resolveReferences(store: SchemaStore, references: readonly SchemaReference[]): Promise<ReferredSchema[]> {
  const found = new Map<string, ReferredSchema>();
  await addReferred(store, references, { found, depth: 0 });
  return [...found.values()];
}

interface Walk {
  readonly found: Map<string, ReferredSchema>;
  readonly depth: number;
}

async function addReferred(store: SchemaStore, references: readonly SchemaReference[], { found, depth }: Walk): Promise<void> {
  for (const reference of references) {
    const key = JSON.stringify([reference.subject, reference.version]);
    if (found.has(key)) continue;
    if (depth >= MAX_DEPTH || found.size >= MAX_SCHEMAS) throw tooMany();
    const { text, references: inner } = await referredVersion(store, reference);
    await addReferred(store, inner, { found, depth: depth + 1 });
    found.set(key, { name: reference.name, text });
  }
}

async function referredVersion(store: SchemaStore, { name, subject, version }: SchemaReference): Promise<StoredVersion> {
  const found = await store.version(subject, version);
  if (found !== undefined) return found;
  throw registryError(
    42201,
    `The reference ${name} leads to version ${version} of ${subject}, which is not there. Register it first, or correct the reference.`,
  );
}

const tooMany = (): Error =>
  registryError(42201, `The schema takes in more than ${MAX_SCHEMAS} others, or more than ${MAX_DEPTH} deep. Merge some of them.`);
