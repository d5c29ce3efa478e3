/** Schemas made of others: references, all, any, one, none, conditions. */
import { findingAt, type Finding } from './incompatibility.ts';
import type { Case } from './json-schema-case.ts';
import { areDisjoint } from './json-schema-disjoint.ts';
import type { SchemaNode } from './json-schema-document.ts';
import { isSame } from './json-schema-sameness.ts';
import { branchesOf, childOf, isLikeAdditional, keywordOf } from './json-schema-parts.ts';

export function findInReference({ written, read, compare, fillsDefaults }: Case): Finding[] {
  const reference = keywordOf(read, '$ref');
  if (reference === undefined) return [];
  const target = read.document.target(read);
  if (target !== undefined) return compare(written, target, fillsDefaults);
  return [
    findingAt(`${read.path}/$ref`, {
      rule: 'REFERENCE_NOT_FOUND',
      message: `What data must fit cannot be told: ${JSON.stringify(reference)} leads nowhere.`,
      fix: 'Define it in the schema, or name it among the references.',
    }),
  ];
}

export function findInAllOf({ written, read, compare, fillsDefaults }: Case): Finding[] {
  return branchesOf(read, 'allOf').flatMap((branch) => compare(written, branch, fillsDefaults));
}

export function findInAnyOf({ written, read, compare }: Case): Finding[] {
  const branches = branchesOf(read, 'anyOf');
  if (branches.length === 0) return [];
  const tried = branches.map((branch) => compare(written, branch, false));
  return tried.some((found) => found.length === 0) ? [] : [sumFinding(read, 'anyOf'), ...nearest(tried)];
}

export function findInOneOf({ written, read, compare }: Case): Finding[] {
  const branches = branchesOf(read, 'oneOf');
  if (branches.length === 0 || written.some((node) => saysSame(node, read, ['oneOf']))) return [];
  const tried = branches.map((branch) => compare(written, branch, false));
  const fitting = branches.filter((_, index) => tried[index]?.length === 0);
  if (fitting.length === 0) return [sumFinding(read, 'oneOf'), ...nearest(tried)];
  const isExclusive = fitting.some((branch) => branches.every((other) => other === branch || areDisjoint(written, [other])));
  return isExclusive ? [] : [overlapFinding(read)];
}

/** What keeps data from the branch that they come closest to. */
const nearest = (tried: readonly Finding[][]): Finding[] => tried.toSorted((one, other) => one.length - other.length)[0] ?? [];

function sumFinding({ path }: SchemaNode, keyword: string): Finding {
  return findingAt(`${path}/${keyword}`, {
    rule: 'SUM_TYPE_NARROWED',
    message: `Data may hold what no branch of ${keyword} can be shown to accept.`,
    fix: `Add a branch that accepts it, or widen the branch that comes closest (what it lacks is told beside this).`,
  });
}

function overlapFinding({ path }: SchemaNode): Finding {
  return findingAt(`${path}/oneOf`, {
    rule: 'SUM_TYPE_OVERLAPPING',
    message: 'Data may fit more than one branch of oneOf, which are then refused.',
    fix: 'Tell the branches apart by a required property with a const, or use anyOf.',
  });
}

export function findInNot({ written, read, compare }: Case): Finding[] {
  const refused = childOf(read, 'not');
  if (refused === undefined || areDisjoint(written, [refused])) return [];
  const before = written.flatMap((node) => childOf(node, 'not') ?? []);
  if (before.some((one) => compare([refused], one, false).length === 0)) return [];
  return [
    findingAt(refused.path, {
      rule: 'NOT_TYPE_EXTENDED',
      message: `Data may hold what "not" refuses.`,
      fix: before.length === 0 ? 'Drop "not" here.' : 'Let "not" refuse no more than before.',
    }),
  ];
}

export function findInCondition({ written, read, compare }: Case): Finding[] {
  const [condition, ...branches] = ['if', 'then', 'else'].map((keyword) => childOf(read, keyword));
  const asked = branches.filter((branch) => branch !== undefined);
  if (condition === undefined || asked.every((branch) => compare(written, branch, false).length === 0)) return [];
  if (written.some((node) => saysSame(node, read, ['if', 'then', 'else']))) return [];
  const isNew = written.every((node) => childOf(node, 'if') === undefined);
  return [
    findingAt(condition.path, {
      rule: `CONDITION_${isNew ? 'ADDED' : 'CHANGED'}`,
      message: 'Data may break the condition (if, then, else); whether other conditions imply it cannot be shown.',
      fix: isNew ? 'Drop the condition here.' : 'Keep the condition word for word.',
    }),
  ];
}

/** They depend on what stands beside them, or on where they are referred to from. */
const WHOLE = ['unevaluatedProperties', 'unevaluatedItems', '$dynamicRef', '$recursiveRef'];

export function findInWhole({ written, read }: Case): Finding[] {
  const asked = WHOLE.filter((keyword) => keywordOf(read, keyword) !== undefined && keywordOf(read, keyword) !== true);
  return asked.flatMap((keyword) => {
    if (keyword === 'unevaluatedProperties' && isLikeAdditional(read)) return [];
    if (written.some((node) => isSame(bare(node), bare(read)))) return [];
    const word = keyword.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).replace('$', '');
    return [
      findingAt(`${read.path}/${keyword}`, {
        rule: `${word.toUpperCase()}_NARROWED`,
        message: `Data may not fit what ${keyword} asks for: it depends on all that stands beside it, which is not the same.`,
        fix: `Keep all that stands beside ${keyword} word for word, or use additionalProperties or items instead, which can be compared.`,
      }),
    ];
  });
}

/** As it is written, with all its keywords. */
const bare = ({ schema, document, path }: SchemaNode): SchemaNode => ({ schema, document, path });

function saysSame(one: SchemaNode, other: SchemaNode, keywords: readonly string[]): boolean {
  const [left, right] = [one, other].map((node) => ({ ...node, schema: pick(node, keywords) })) as [SchemaNode, SchemaNode];
  return keywordOf(one, keywords[0] ?? '') !== undefined && isSame(left, right);
}

const pick = (node: SchemaNode, keywords: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(keywords.map((keyword) => [keyword, keywordOf(node, keyword)] as const).filter(([, value]) => value !== undefined));
