/** Items of arrays, one by one and the rest. */
import { findingAt, type Finding } from './incompatibility.ts';
import type { Case } from './json-schema-case.ts';
import type { SchemaNode } from './json-schema-document.ts';
import { isSame } from './json-schema-sameness.ts';
import { childOf, itemOf, keywordOf, tupleLength } from './json-schema-parts.ts';

/** Looks at each place that either schema names, and at one place behind them all. */
export function findInItems(given: Case): Finding[] {
  const places = Math.max(tupleLength(given.read), ...given.written.map(tupleLength)) + 1;
  const longest = maxItemsOf(given.written);
  return Array.from({ length: Math.min(places, longest) }, (_, index) => index).flatMap((index) => findInItem(given, index));
}

function maxItemsOf(written: readonly SchemaNode[]): number {
  const bounds = written.map((node) => keywordOf(node, 'maxItems')).filter((one) => typeof one === 'number');
  return Math.min(Infinity, ...bounds);
}

function findInItem({ written, read: array, compare, fillsDefaults }: Case, index: number): Finding[] {
  const read = itemOf(array, index);
  if (read === undefined) return [];
  const before = written.flatMap((node) => itemOf(node, index) ?? []);
  const found = compare(before, read, fillsDefaults);
  if (found.length === 0) return [];
  if (read.schema === false) return [refusedItem(read, { index, isDeclared: before.length > 0 })];
  if (before.length > 0) return found;
  return [
    findingAt(read.path, {
      rule: 'ITEM_ADDED_TO_OPEN_CONTENT_MODEL',
      message: `Data may hold any value as item ${index}: the schema that wrote them says nothing of it, and here it must fit a schema.`,
      fix: 'Let the item accept any value ({}), or bound the array (maxItems) in a version of its own first.',
    }),
  ];
}

function refusedItem({ path }: SchemaNode, { index, isDeclared }: { readonly index: number; readonly isDeclared: boolean }): Finding {
  return findingAt(path, {
    rule: isDeclared ? 'ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL' : 'ADDITIONAL_ITEMS_REMOVED',
    message: `Data may hold an item ${index}, which is refused.`,
    fix: 'Keep the item, or leave further items open.',
  });
}

export function findInUnique({ written, read }: Case): Finding[] {
  if (keywordOf(read, 'uniqueItems') !== true) return [];
  if (written.some((node) => keywordOf(node, 'uniqueItems') === true) || maxItemsOf(written) <= 1) return [];
  return [
    findingAt(`${read.path}/uniqueItems`, {
      rule: 'UNIQUE_ITEMS_ADDED',
      message: 'Data may hold arrays in which an item comes twice, which are not accepted.',
      fix: 'Drop uniqueItems here.',
    }),
  ];
}

export function findInContains({ written, read }: Case): Finding[] {
  const asked = childOf(read, 'contains');
  const [min, max] = containsBounds(read);
  if (asked === undefined || (min === 0 && max === Infinity)) return [];
  const isImplied = written.some((node) => {
    const given = childOf(node, 'contains');
    const [least, most] = containsBounds(node);
    return given !== undefined && isSame(given, asked) && least >= min && most <= max;
  });
  if (isImplied) return [];
  const isNew = written.every((node) => childOf(node, 'contains') === undefined);
  return [
    findingAt(asked.path, {
      rule: `CONTAINS_${isNew ? 'ADDED' : 'CHANGED'}`,
      message: 'Data may hold arrays without the items that are asked for; whether another schema implies it cannot be shown.',
      fix: isNew ? 'Drop contains here.' : 'Keep contains as it was, with bounds that are no narrower.',
    }),
  ];
}

/** minContains and maxContains are of 2020-12 only. */
function containsBounds(node: SchemaNode): readonly [number, number] {
  const [least, most] = node.document.isDraft07 ? [] : [keywordOf(node, 'minContains'), keywordOf(node, 'maxContains')];
  return [typeof least === 'number' ? least : 1, typeof most === 'number' ? most : Infinity];
}
