/**
 * The shapes of a JSON Schema (2020-12, draft-07). Read are type, enum, const, properties, required, additional and pattern properties,
 * items, $ref, allOf, anyOf, oneOf and `nullable`; what other keywords forbid is not told by the type.
 */
import {
  isJsonSchema,
  isSchemaObject,
  type JsonSchemaDocument,
  type SchemaNode,
  type SchemaObject,
} from '../schema-registry/json-schema-document.ts';
import { Meeting } from './meet.ts';
import { notesOf } from './notes.ts';
import {
  ANY_FIELDS,
  ANY_LIST,
  ANYTHING,
  isNothing,
  NOTHING,
  scalar,
  shapeOfValue,
  unionOf,
  type Field,
  type Fields,
  type List,
  type ScalarType,
  type Shape,
} from './shape.ts';

/** Longer tuples are read as lists of what may be in them. */
const MAX_FIRST = 64;
/** Of a schema that is larger, or nested more deeply than events may be, the rest is read as anything: it must not hold up the service. */
const MAX_READ = 20_000;
const MAX_DEPTH = 100;
const SCALARS: readonly ScalarType[] = ['null', 'boolean', 'number', 'string'];

export class ShapeReader {
  readonly #document: JsonSchemaDocument;
  readonly #meeting = new Meeting((path) => this.#expanded(path));
  readonly #nodes = new Map<string, SchemaNode>();
  readonly #shapes = new Map<string, Shape>();
  readonly #reading = new Set<string>();
  #count = 0;
  #depth = 0;

  constructor(document: JsonSchemaDocument) {
    this.#document = document;
    this.#nodes.set(document.root.path, document.root);
  }

  /** What a name in a shape stands for. Only of names that this reader has answered. */
  named(path: string): Shape {
    return this.#expanded(path) ?? ANYTHING;
  }

  /** For people: what the schema says of itself. */
  notes(path: string): readonly string[] {
    const node = this.#nodes.get(path);
    return node === undefined ? [] : notesOf(node.schema);
  }

  #expanded(path: string): Shape | undefined {
    const known = this.#shapes.get(path);
    if (known !== undefined) return known;
    const node = this.#nodes.get(path);
    if (node === undefined || this.#reading.has(path)) return undefined;
    this.#reading.add(path);
    const shape = this.#read(node);
    this.#reading.delete(path);
    this.#shapes.set(path, shape);
    return shape;
  }

  #read({ schema, ...place }: SchemaNode): Shape {
    if (!isSchemaObject(schema)) return schema ? ANYTHING : NOTHING;
    if (this.#count >= MAX_READ || this.#depth >= MAX_DEPTH) return ANYTHING;
    this.#count += 1;
    this.#depth += 1;
    const shape = this.#readObject({ schema, ...place }, schema);
    this.#depth -= 1;
    return shape;
  }

  #readObject(node: SchemaNode, schema: SchemaObject): Shape {
    const { enum: values } = schema;
    return this.#meeting.all([
      this.#typed(node, schema),
      this.#referred(node),
      ...(Object.hasOwn(schema, 'const') ? [shapeOfValue(schema['const'])] : []),
      ...(Array.isArray(values) ? [unionOf(values.map(shapeOfValue))] : []),
      ...this.#list(node, 'allOf').map((one) => this.#read(one)),
      ...['anyOf', 'oneOf'].map((keyword) => this.#anyOf(node, keyword)),
    ]);
  }

  #referred(node: SchemaNode): Shape {
    const target = this.#document.target(node);
    if (target === undefined) return ANYTHING;
    this.#nodes.set(target.path, target);
    return [{ kind: 'named', path: target.path }];
  }

  #anyOf(node: SchemaNode, keyword: string): Shape {
    const list = this.#list(node, keyword);
    return list.length === 0 ? ANYTHING : unionOf(list.map((one) => this.#read(one)));
  }

  #list(node: SchemaNode, keyword: string): SchemaNode[] {
    const list = isSchemaObject(node.schema) ? node.schema[keyword] : undefined;
    if (!Array.isArray(list)) return [];
    return list.flatMap((_, index) => this.#document.child(node, keyword, index) ?? []);
  }

  #typed(node: SchemaNode, schema: SchemaObject): Shape {
    const types = typesOf(schema);
    const [list, fields] = [this.#listOf(node, schema), this.#fieldsOf(node, schema)];
    if (types === undefined && list === ANY_LIST && fields === ANY_FIELDS) return ANYTHING;
    const names = types ?? [...SCALARS, 'array', 'object'];
    return unionOf(
      names.map((name) => {
        if (name === 'array') return hasMissingItem(list) ? NOTHING : [list];
        if (name === 'object') return hasMissingField(fields) ? NOTHING : [fields];
        return [scalar(name as ScalarType)];
      }),
    );
  }

  #listOf(node: SchemaNode, schema: SchemaObject): List {
    const [tuple, rest] =
      this.#document.isDraft07 && Array.isArray(schema['items']) ? ['items', 'additionalItems'] : ['prefixItems', 'items'];
    const first = this.#document.isDraft07 && tuple === 'prefixItems' ? [] : this.#list(node, tuple).map((one) => this.#read(one));
    const others = this.#child(node, rest);
    if (first.length === 0 && others === undefined) return ANY_LIST;
    const last = others === undefined ? ANYTHING : this.#read(others);
    const { minItems } = schema;
    const atLeast = Math.min(first.length, typeof minItems === 'number' ? minItems : 0);
    if (first.length > MAX_FIRST) return { ...ANY_LIST, rest: unionOf([...first, last]) };
    return { kind: 'list', first, rest: last, atLeast };
  }

  #fieldsOf(node: SchemaNode, schema: SchemaObject): Fields {
    const [properties, patterns] = [mapOf(schema['properties']), mapOf(schema['patternProperties'])];
    const required = (Array.isArray(schema['required']) ? schema['required'] : []).filter((name) => typeof name === 'string');
    const additional = this.#child(node, 'additionalProperties');
    if (properties.length + patterns.length + required.length === 0 && additional === undefined) return ANY_FIELDS;
    const others = unionOf([
      additional === undefined ? ANYTHING : this.#read(additional),
      ...patterns.flatMap((pattern) => this.#child(node, 'patternProperties', pattern) ?? []).map((one) => this.#read(one)),
    ]);
    const fields = new Map<string, Field>();
    for (const name of properties) {
      const child = this.#child(node, 'properties', name);
      if (child !== undefined) fields.set(name, { shape: this.#read(child), isRequired: false, notes: notesOf(child.schema) });
    }
    for (const name of required) {
      const { shape = others, notes = [] } = fields.get(name) ?? {};
      fields.set(name, { shape, notes, isRequired: true });
    }
    return { kind: 'fields', fields, others };
  }

  #child(node: SchemaNode, ...steps: readonly string[]): SchemaNode | undefined {
    const child = this.#document.child(node, ...steps);
    return child !== undefined && isJsonSchema(child.schema) ? child : undefined;
  }
}

/** What checks events does not look at `__proto__`, whatever a schema says of it. */
const mapOf = (value: unknown): string[] => (isSchemaObject(value) ? Object.keys(value).filter((name) => name !== '__proto__') : []);
const hasMissingItem = ({ first, atLeast }: List): boolean => first.slice(0, atLeast).some(isNothing);
const hasMissingField = ({ fields }: Fields): boolean =>
  [...fields.values()].some(({ shape, isRequired }) => isRequired && isNothing(shape));

/** Undefined where any type will do. `nullable` is no keyword of JSON Schema, and what checks events knows it. */
function typesOf({ type, nullable }: SchemaObject): readonly string[] | undefined {
  const types = typeof type === 'string' ? [type] : Array.isArray(type) ? type.filter((one) => typeof one === 'string') : undefined;
  return types !== undefined && nullable === true ? [...types, 'null'] : types;
}
