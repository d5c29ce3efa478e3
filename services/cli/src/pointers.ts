/** JSON pointers (RFC 6901) into values and YAML documents. */
import { isMap, isScalar, isSeq, type Node } from 'yaml';

export function partsOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The value there; undefined when there is none. */
export function valueAt(value: unknown, pointer: string): unknown {
  return partsOf(pointer).reduce<unknown>(
    (at, part) => (typeof at === 'object' && at !== null ? (at as Readonly<Record<string, unknown>>)[part] : undefined),
    value,
  );
}

/** Where the deepest part of the pointer that is there begins: at its key, or at its place in a list. */
export function offsetAt(root: Node | null, pointer: string): number {
  let [node, offset] = [root, root?.range?.[0] ?? 0];
  for (const part of partsOf(pointer)) {
    const found = childOf(node, part);
    if (found === undefined) break;
    [node, offset] = [found.node, found.offset];
  }
  return offset;
}

interface Child {
  readonly node: Node | null;
  readonly offset: number;
}

function childOf(node: Node | null, part: string): Child | undefined {
  if (isSeq(node)) {
    const item = node.items[Number(part)] as Node | undefined;
    return item?.range ? { node: item, offset: item.range[0] } : undefined;
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === part);
  if (!isScalar(pair?.key) || !pair.key.range) return undefined;
  return { node: pair.value as Node | null, offset: pair.key.range[0] };
}
