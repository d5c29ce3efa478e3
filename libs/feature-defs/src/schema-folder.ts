/** Walks what a JSON Schema applies to one and the same value: `allOf`, `anyOf`, `$ref` and the like. */
import { isSchema, type Schema, type SchemaNode } from './schema-nodes.ts';

/** What is collected over the parts of a schema. */
export interface Fold<T> {
  /** Of a schema that says nothing. */
  readonly open: T;
  /** Of the schema that nothing fits. */
  readonly never: T;
  /** What the schema itself says, its parts apart. */
  readonly own: (schema: Schema) => T;
  readonly every: (found: readonly T[]) => T;
  readonly some: (found: readonly T[]) => T;
  /** With all parts in sight. */
  readonly end?: (schema: Schema, found: T) => T;
}

/** A reference that leads out of the document, or that is not understood, says nothing. */
const UNKNOWN: SchemaNode = true;

/** Parts that refer to each other many times over are many more on all paths: beyond so many, the rest says nothing. */
const MOST_VISITS = 10_000;

interface Walk {
  readonly open: ReadonlySet<unknown>;
  readonly budget: { left: number };
}

export class SchemaFolder {
  readonly #root: SchemaNode;
  readonly #named = new Map<string, SchemaNode>();

  constructor(root: SchemaNode) {
    this.#root = root;
    this.#index(root, new Set());
  }

  fold<T>(node: SchemaNode, fold: Fold<T>): T {
    return this.#visit(node, fold, { open: new Set(), budget: { left: MOST_VISITS } });
  }

  #visit<T>(node: SchemaNode, fold: Fold<T>, { open, budget }: Walk): T {
    if (node === false) return fold.never;
    budget.left -= 1;
    // A schema that leads back to itself in place says nothing more.
    if (!isSchema(node) || open.has(node) || budget.left < 0) return fold.open;
    const within = { open: new Set([...open, node]), budget };
    const visit = (part: SchemaNode): T => this.#visit(part, fold, within);
    const choices = choicesOf(node).map((choice) => fold.some(choice.map(visit)));
    const found = fold.every([fold.own(node), ...this.#conditionsOf(node).map(visit), ...choices]);
    return fold.end === undefined ? found : fold.end(node, found);
  }

  /** What must hold too. */
  #conditionsOf(schema: Schema): SchemaNode[] {
    const { $ref, $dynamicRef } = schema;
    const target = typeof $ref === 'string' ? [this.#target($ref)] : [];
    return [...nodesOf(schema['allOf']), ...target, ...($dynamicRef === undefined ? [] : [UNKNOWN])];
  }

  #target(reference: string): SchemaNode {
    const [document = '', fragment = ''] = reference.split('#', 2);
    const root = document === '' ? this.#root : this.#named.get(document);
    if (root === undefined) return UNKNOWN;
    if (fragment !== '' && !fragment.startsWith('/')) return this.#named.get(`#${fragment}`) ?? UNKNOWN;
    const steps = decode(fragment).split('/').slice(1);
    const found = steps.reduce<unknown>((at, step) => stepInto(at, step.replaceAll('~1', '/').replaceAll('~0', '~')), root);
    return typeof found === 'boolean' || isSchema(found) ? found : UNKNOWN;
  }

  #index(value: unknown, seen: Set<unknown>): void {
    if (typeof value !== 'object' || value === null || seen.has(value)) return;
    seen.add(value);
    const { $id, $anchor } = value as Schema;
    if (typeof $id === 'string') this.#named.set($id.replace(/(?<=.)#$/, ''), value as Schema);
    if (typeof $anchor === 'string') this.#named.set(`#${$anchor}`, value as Schema);
    for (const inner of Object.values(value)) this.#index(inner, seen);
  }
}

const nodesOf = (value: unknown): SchemaNode[] => (Array.isArray(value) ? (value as SchemaNode[]) : []);

/** Of each list one holds at least. */
function choicesOf(schema: Schema): SchemaNode[][] {
  const { if: condition, then, else: otherwise, dependentSchemas, dependencies } = schema;
  const listed = ['anyOf', 'oneOf'].map((keyword) => nodesOf(schema[keyword])).filter((nodes) => nodes.length > 0);
  const holds = { allOf: [condition, then ?? true] };
  const branches = condition === undefined ? [] : [[holds, (otherwise ?? true) as SchemaNode]];
  const depending = [dependentSchemas, dependencies].flatMap((map) => (isSchema(map) ? Object.values(map).filter(isSchema) : []));
  return [...listed, ...branches, ...depending.map((node): SchemaNode[] => [node, true])];
}

function decode(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch (error) {
    if (error instanceof URIError) return fragment;
    throw error;
  }
}

const stepInto = (value: unknown, step: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, step) ? (value as Schema)[step] : undefined;
