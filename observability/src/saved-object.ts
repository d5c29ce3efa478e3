import { sorted, type Json } from './json.ts';

/** Points to another saved object; `name` is where it is pointed from, as Kibana spells that. */
export type Reference = { readonly id: string; readonly name: string; readonly type: ObjectType };

export type ObjectType = 'dashboard' | 'index-pattern' | 'search';

/** A Kibana saved object. Attributes that Kibana keeps as JSON in a string are values here; `ndjson` writes the strings. */
export type SavedObject = {
  readonly id: string;
  readonly type: ObjectType;
  readonly attributes: { readonly [name: string]: Json };
  readonly references: readonly Reference[];
};

/**
 * The form of each type as Kibana 8.9 wrote it. Kibana brings older forms up to its own when it imports them and refuses newer ones, so
 * these can be imported by every version from then on.
 */
const FORMS: Readonly<Record<ObjectType, string>> = { dashboard: '8.9.0', 'index-pattern': '8.0.0', search: '8.0.0' };
const CORE_FORM = '8.8.0';

/** Attributes that Kibana keeps as JSON in a string. */
const JSON_ATTRIBUTES = new Set([
  'fieldAttrs',
  'fieldFormatMap',
  'fields',
  'optionsJSON',
  'panelsJSON',
  'runtimeFieldMap',
  'searchSourceJSON',
  'sourceFilters',
]);

/** What `Saved objects → Import` of Kibana takes: an object per line. */
export function ndjson(objects: readonly SavedObject[]): string {
  return objects.map((object) => `${JSON.stringify(sorted(stringified(complete(object))))}\n`).join('');
}

/** One object to read and to compare: what is JSON in a string is written as JSON. */
export function readable(object: SavedObject): string {
  return `${JSON.stringify(sorted(complete(object)), null, 2)}\n`;
}

/** Managed: Kibana shows it as coming from elsewhere, and who changes it changes a copy. */
function complete(object: SavedObject): Json {
  return { ...object, coreMigrationVersion: CORE_FORM, managed: true, typeMigrationVersion: FORMS[object.type] };
}

function stringified(value: Json): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).map(([key, inner]): [string, Json] =>
    JSON_ATTRIBUTES.has(key) ? [key, JSON.stringify(sorted(inner))] : [key, stringified(inner)],
  );
  return Object.fromEntries(entries);
}
