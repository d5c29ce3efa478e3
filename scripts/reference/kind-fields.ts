/** The fields of a schema as flat rows, in the order in which they are declared. */
import type { JsonSchema } from './type-words.ts';

export interface Field {
  /** `views[].role`: a field of each member of a list; `space.*.min`: of each value of a map. */
  readonly path: string;
  readonly schema: JsonSchema;
  readonly isRequired: boolean;
  /** The form of its object that has it, where there are several: `paired-metric`. */
  readonly form?: string | undefined;
}

/** Every field below `schema`, each followed by those within it. */
export function fieldsOf(schema: JsonSchema, path = ''): Field[] {
  const prefix = path === '' ? '' : `${path}.`;
  const own = Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const row: Field = { path: `${prefix}${name}`, schema: field, isRequired: schema.required?.includes(name) === true };
    return [row, ...fieldsOf(field, row.path)];
  });
  const items = schema.items === undefined ? [] : fieldsOf(schema.items, `${path}[]`);
  const values = Object.values(schema.patternProperties ?? {}).flatMap((value) => fieldsOf(value, `${prefix}*`));
  return [...own, ...items, ...values, ...fieldsOfForms(schema.anyOf ?? [], path)];
}

/** A field that all forms have in the same way comes once. */
function fieldsOfForms(forms: readonly JsonSchema[], path: string): Field[] {
  const objects = forms.filter(({ properties }) => properties !== undefined);
  const rows = forms.flatMap((form) =>
    fieldsOf(form, path).map((field) => ({ ...field, form: objects.length > 1 ? nameOf(form) : undefined })),
  );
  const isShared = (row: Field): boolean => rows.filter((other) => isEqual(other, row)).length === objects.length;
  const once = rows.filter((row, index) => !isShared(row) || rows.findIndex((other) => isEqual(other, row)) === index);
  return once.map((row) => (isShared(row) ? { ...row, form: undefined } : row));
}

/** What tells a form from the others: the one value that a field of it can have. */
function nameOf({ properties = {} }: JsonSchema): string {
  return String(Object.values(properties).find((field) => field.const !== undefined)?.const ?? '');
}

const isEqual = (a: Field, b: Field): boolean => a.path === b.path && JSON.stringify(a.schema) === JSON.stringify(b.schema);
