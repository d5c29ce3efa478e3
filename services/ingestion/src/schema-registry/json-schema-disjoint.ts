/** Whether it can be shown that no value fits both of two schemas, as exactly one branch of `oneOf` must. */
import type { SchemaNode } from './json-schema-document.ts';
import { common, conjunctsOf, isImpossible, isRequired, kindsOf, listOf, propertyOf, valuesOf } from './json-schema-parts.ts';

/** A discriminator lies at most so deep. */
const MAX_DEPTH = 3;

export function areDisjoint(ones: readonly SchemaNode[], others: readonly SchemaNode[], depth = 0): boolean {
  const [left, right] = [conjunctsOf(ones), conjunctsOf(others)];
  const kinds = common(kindsOf(left), kindsOf(right));
  if (kinds.size === 0) return true;
  if (refusesAllOf(left, right) || refusesAllOf(right, left)) return true;
  if (depth >= MAX_DEPTH || kinds.size > 1 || !kinds.has('object')) return false;
  return differInProperty(left, right, depth) || differInProperty(right, left, depth);
}

/** The values that one side names are all refused by the other. */
function refusesAllOf(named: readonly SchemaNode[], by: readonly SchemaNode[]): boolean {
  const values = valuesOf(named);
  return values !== undefined && values.every((value) => by.some((node) => node.document.accepts(node, value) === false));
}

/** A property that every object of one side has, and that the other does not let be such, or does not let be. */
function differInProperty(ones: readonly SchemaNode[], others: readonly SchemaNode[], depth: number): boolean {
  const required = ones.flatMap((node) => listOf(node, 'required')).filter((name) => typeof name === 'string');
  return required.some((name) => {
    const theirs = propertyOf(others, name);
    if (isImpossible(theirs)) return true;
    return isRequired(ones, name) && areDisjoint(propertyOf(ones, name), theirs, depth + 1);
  });
}
