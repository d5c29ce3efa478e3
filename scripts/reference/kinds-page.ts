/** docs/reference/kinds.md: every kind with its fields, from the contracts, and an example of each. */
import { fileURLToPath } from 'node:url';
import type { ResourceDefinition } from '@roofshot/contracts/define';
import { SentResource } from '@roofshot/contracts/http/common';
import { allKinds } from '@roofshot/contracts/resources';
import { FUNCTIONS, METHODS, type FunctionRule } from '@roofshot/feature-defs/expression-functions';
import type { TSchema } from 'typebox';
import type { GeneratedFiles } from '../generated-files.ts';
import { exampleOf } from './examples.ts';
import { fieldsOf, type Field } from './kind-fields.ts';
import { NAMED, typeWords } from './type-words.ts';

export const generatedReference = (): GeneratedFiles => ({
  root: fileURLToPath(new URL('../../docs', import.meta.url)),
  files: new Map([['reference/kinds.md', kindsPage(allKinds)]]),
  folders: ['reference'],
});

/** Kinds in the order in which they are applied. Throws where a field is not described. */
export function kindsPage(kinds: readonly ResourceDefinition[]): string {
  return [intro(kinds), ...kinds.map(section), types(), expressions()].join('\n\n') + '\n';
}

/** What every resource has around its `spec`. */
const SHELL: TSchema = SentResource;

const anchor = (kind: string): string => `[${kind}](#${kind.toLowerCase()})`;
const words = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ');

function intro(kinds: readonly ResourceDefinition[]): string {
  const rows = kinds.map(({ name, owner, description }) => `| ${anchor(name)} | ${owner} | ${description} |`);
  return `# Kinds

<!-- Written by \`npm run generate\` from contracts/src/resources: change it there. -->

What a team sets up is declared in YAML files: \`roofshot plan -f DIR\` prints what would change, \`roofshot apply -f DIR\` changes it, and
applying the same again changes nothing. A faulty file changes nothing at all, and every fault is told with its file, place and reason.

| kind | owner | says |
| --- | --- | --- |
${rows.join('\n')}

Every resource has \`apiVersion\`, \`kind\`, \`metadata\` and \`spec\`; the owner answers it with \`status\` and \`generation\` besides, which are ignored
when they are applied. The sections below list the fields of \`spec\`: \`views[].role\` is a field of each member of the list \`views\`, \`space.*.min\` one
of each value of the map \`space\`. Fields that a kind does not have are faults.

${table(
  fieldsOf(SHELL).filter(({ path }) => path !== 'spec'),
  {},
)}`;
}

function section({ name, owner, plural, description, spec, references = {} }: ResourceDefinition): string {
  return `## ${name}

${description} Owner: ${owner}, at \`/v1/${plural}\`. JSON Schema: [${name}.json](../../contracts/schemas/${name}.json).

\`\`\`yaml
${exampleOf(name)}
\`\`\`

${table(fieldsOf(spec), referencesByPath(references))}`;
}

/** `/views/*\/view` → `views[].view`, as fields are named here. */
function referencesByPath(references: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = Object.entries(references);
  return Object.fromEntries(entries.map(([pointer, kind]) => [pointer.slice(1).replaceAll('/*', '[]').replaceAll('/', '.'), kind]));
}

function table(fields: readonly Field[], references: Readonly<Record<string, string>>): string {
  const rows = fields.map(
    (field) => `| ${[`\`${field.path}\``, typeOf(field, references), fallbackOf(field), meaningOf(field)].map(cell).join(' | ')} |`,
  );
  return `| field | type | default | meaning |\n| --- | --- | --- | --- |\n${rows.join('\n')}`;
}

const cell = (text: string): string => text.replaceAll('|', '\\|');

function typeOf({ path, schema }: Field, references: Readonly<Record<string, string>>): string {
  const kind = references[path];
  return kind === undefined ? typeWords(schema) : `name of ${/^[AEIOU]/.test(kind) ? 'an' : 'a'} ${anchor(kind)}`;
}

function fallbackOf({ schema, isRequired }: Field): string {
  if (isRequired) return '**required**';
  return schema.default === undefined ? '–' : `\`${String(schema.default)}\``;
}

function meaningOf({ path, schema, form }: Field): string {
  if (schema.description === undefined)
    throw new Error(`The field ${path} is not described: wrap it in Described (contracts/src/define.ts).`);
  return form === undefined || schema.const !== undefined ? schema.description : `For \`${form}\`: ${lowered(schema.description)}`;
}

const lowered = (sentence: string): string => sentence.charAt(0).toLowerCase() + sentence.slice(1);

function types(): string {
  const rows = NAMED.map(({ name, meaning }) => `| ${name} | ${meaning} |`);
  return `## Types of fields\n\n| type | is |\n| --- | --- |\n${rows.join('\n')}`;
}

function expressions(): string {
  return `## Expressions

The syntax is CEL's; the meaning is made for JSON. There is one kind of number, and \`/\` does not round. Times are numbers, epoch milliseconds;
\`hour\` and \`weekday\` (Monday is 0) take a time zone as well. What is not there is null, and null means "not known": it spreads through operators
and functions, and a comparison with it is null. \`==\` and \`!=\` tell it from values, \`coalesce\` replaces it, \`has\` asks for it. A value of
the wrong type makes its place null.

Functions: ${words(Object.entries(FUNCTIONS).map(([name, { parameters }]) => `${name}(${parameters})`))}.
On a value, like \`data.origin.startsWith("J")\`: ${words(Object.entries(METHODS).map(asMethod))}.
Operators, \`?:\`, \`in\` and \`has(data.x)\` are CEL's; macros (\`all\`, \`map\`), \`matches\`, object literals, bytes and unsigned numbers are not taken.`;
}

function asMethod([name, { parameters }]: [string, FunctionRule]): string {
  const [subject, ...others] = parameters.split(', ');
  return `${subject}.${name}(${others.join(', ')})`;
}
