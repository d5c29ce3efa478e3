/** Whether a new schema may follow the versions before it, at a compatibility level. */
import { avroIncompatibilities } from './avro-compatibility.ts';
import { isReadByOlder, isTransitive, readsOlder, type CompatibilityLevel } from './compatibility-level.ts';
import type { ChangedSide, Incompatibility } from './incompatibility.ts';
import { jsonSchemaIncompatibilities } from './json-schema-compatibility.ts';
import type { ParsedSchema } from './parse-schema.ts';

/** A version that is there. */
export interface EarlierVersion {
  readonly version: number;
  readonly schema: ParsedSchema;
}

/** An incompatibility with one version, in one direction. */
export interface VersionIncompatibility extends Incompatibility {
  readonly version: number;
  readonly direction: 'BACKWARD' | 'FORWARD';
}

/** Every incompatibility with the versions that the level asks about. `earlier` ascending by version, without deleted ones. */
export function checkCompatibility(
  schema: ParsedSchema,
  earlier: readonly EarlierVersion[],
  level: CompatibilityLevel,
): VersionIncompatibility[] {
  return versionsAsked(earlier, level).flatMap((one) => findWithVersion(schema, one, level));
}

/** The versions, newest first, that a level compares with. */
function versionsAsked(earlier: readonly EarlierVersion[], level: CompatibilityLevel): readonly EarlierVersion[] {
  if (level === 'NONE') return [];
  return isTransitive(level) ? earlier.toReversed() : earlier.slice(-1);
}

function findWithVersion(
  schema: ParsedSchema,
  { version, schema: before }: EarlierVersion,
  level: CompatibilityLevel,
): VersionIncompatibility[] {
  const backward = readsOlder(level) ? incompatibilities(before, schema, 'reader') : [];
  const forward = isReadByOlder(level) ? incompatibilities(schema, before, 'writer') : [];
  return [
    ...backward.map((one) => ({ ...one, version, direction: 'BACKWARD' as const })),
    ...forward.map((one) => ({ ...one, version, direction: 'FORWARD' as const })),
  ];
}

function incompatibilities(written: ParsedSchema, read: ParsedSchema, changed: ChangedSide): Incompatibility[] {
  if (written.type === 'JSON' && read.type === 'JSON') return jsonSchemaIncompatibilities(written.document, read.document, changed);
  if (written.type === 'AVRO' && read.type === 'AVRO') return avroIncompatibilities(written.tree, read.tree, changed);
  return [
    {
      path: '#',
      rule: 'SCHEMA_TYPE_CHANGED',
      message: `Data are written as ${written.type} and read as ${read.type}.`,
      fix: 'Keep the schema type of the subject, or register under another subject.',
    },
  ];
}

/** One line, with all that it takes to act on it. */
export function describeIncompatibility({ version, direction, path, rule, message, fix }: VersionIncompatibility): string {
  const who =
    direction === 'BACKWARD'
      ? `data of version ${version} read with the new schema`
      : `data of the new schema read with version ${version}`;
  return `${rule} at ${path} (${who}): ${message} ${fix}`;
}
