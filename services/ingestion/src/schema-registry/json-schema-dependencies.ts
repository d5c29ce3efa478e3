/** What a property asks of the rest of its object. */
import { findingAt, type Finding } from './incompatibility.ts';
import type { Case } from './json-schema-case.ts';
import type { SchemaNode } from './json-schema-document.ts';
import { childOf, isImpossible, isRequired, mapOf, propertyOf } from './json-schema-parts.ts';

/** `dependencies` of draft-07 holds both kinds. */
const LISTS = ['dependentRequired', 'dependencies'] as const;
const SCHEMAS = ['dependentSchemas', 'dependencies'] as const;

export function findInDependentRequired(given: Case): Finding[] {
  return LISTS.flatMap((keyword) =>
    Object.entries(mapOf(given.read, keyword)).flatMap(([name, names]) =>
      Array.isArray(names) ? findInList(given, { name, asked: names as unknown[], path: `${given.read.path}/${keyword}/${name}` }) : [],
    ),
  );
}

interface Dependency {
  readonly name: string;
  readonly asked: readonly unknown[];
  readonly path: string;
}

function findInList({ written, kinds, read }: Case, { name, asked, path }: Dependency): Finding[] {
  if (!kinds.has('object') || cannotHold(written, name)) return [];
  const before = written.flatMap((node) => LISTS.flatMap((keyword) => dependencyOf(node, keyword, name)));
  const missing = asked.filter((one) => one !== name && !before.includes(one) && !isRequired(written, String(one)));
  if (missing.length === 0) return [];
  return [
    findingAt(path, {
      rule: before.length === 0 ? 'DEPENDENCY_ARRAY_ADDED' : 'DEPENDENCY_ARRAY_EXTENDED',
      message: `Data may hold ${name} without ${missing.join(', ')}, which ${name} asks for (at ${read.path}).`,
      fix: `Do not let ${name} ask for ${missing.join(', ')}.`,
    }),
  ];
}

function dependencyOf(node: SchemaNode, keyword: (typeof LISTS)[number], name: string): unknown[] {
  const map = mapOf(node, keyword);
  const list = Object.hasOwn(map, name) ? map[name] : undefined;
  return Array.isArray(list) ? (list as unknown[]) : [];
}

const cannotHold = (written: readonly SchemaNode[], name: string): boolean => isImpossible(propertyOf(written, name));

export function findInDependentSchemas({ written, kinds, read, compare }: Case): Finding[] {
  if (!kinds.has('object')) return [];
  return SCHEMAS.flatMap((keyword) =>
    Object.keys(mapOf(read, keyword)).flatMap((name) => {
      const asked = childOf(read, keyword, name);
      if (asked === undefined || cannotHold(written, name)) return [];
      const before = written.flatMap((node) => SCHEMAS.flatMap((one) => childOf(node, one, name) ?? []));
      const found = compare([...written, ...before], asked, false);
      if (found.length === 0) return [];
      return [
        findingAt(asked.path, {
          rule: `DEPENDENCY_SCHEMA_${before.length === 0 ? 'ADDED' : 'CHANGED'}`,
          message: `Data that hold ${name} may not fit the schema that ${name} asks for.`,
          fix: before.length === 0 ? `Drop what ${name} asks for.` : `Let ${name} ask for no more than before.`,
        }),
        ...found,
      ];
    }),
  );
}
