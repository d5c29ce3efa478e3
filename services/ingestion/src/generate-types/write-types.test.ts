import { writePython } from './write-python.ts';
import { writeTypeScript } from './write-typescript.ts';

const typeOf = (schema: object): string => {
  const text = writeTypeScript({ eventType: 'order.placed', version: 3, schema: schema as Readonly<Record<string, unknown>> });
  return text.slice(text.indexOf('export type OrderPlacedData'));
};
const pythonOf = (schema: object): string => {
  const text = writePython({ eventType: 'order.placed', version: 3, schema: schema as Readonly<Record<string, unknown>> });
  return text.slice(text.indexOf('    data: OrderPlacedData\n') + '    data: OrderPlacedData\n'.length).trim();
};

describe('the TypeScript of a schema', () => {
  it('has the fields with what the schema says of them, and leaves room for more unless the schema is closed', () => {
    const schema = {
      type: 'object',
      required: ['amount'],
      properties: {
        amount: { type: 'number', minimum: 0, description: 'In the currency of the shop.' },
        'post-code': { type: ['string', 'null'] },
      },
    };
    expect(typeOf(schema)).toBe(`export type OrderPlacedData = {
  /**
   * In the currency of the shop.
   * minimum: 0
   */
  readonly amount: number;
  readonly "post-code"?: string | null;
  readonly [name: string]: unknown;
};
`);
    expect(typeOf({ ...schema, additionalProperties: false })).not.toContain('[name: string]');
  });

  it('says unknown where a schema takes nearly everything, and what remains where parts of it say more', () => {
    expect(typeOf({ properties: { a: { type: 'string' } } })).toBe('export type OrderPlacedData = unknown;\n');
    expect(typeOf({ not: { type: 'string' } })).toBe('export type OrderPlacedData = unknown;\n');
    expect(typeOf({ allOf: [{ required: ['a'] }, { type: 'object', properties: { a: { enum: [1, 'x', null] } } }] })).toContain(
      'readonly a: 1 | "x" | null;',
    );
  });

  it('joins what stands beside a reference with what it refers to, and names what refers to itself', () => {
    const schema = {
      $ref: '#/$defs/node',
      required: ['name'],
      $defs: {
        node: { type: 'object', additionalProperties: false, properties: { name: { type: 'string' }, next: { $ref: '#/$defs/node' } } },
      },
    };
    expect(typeOf(schema)).toBe(`export type OrderPlacedData = {
  readonly name: string;
  readonly next?: OrderPlacedNode;
};

export type OrderPlacedNode = {
  readonly name?: string;
  readonly next?: OrderPlacedNode;
};
`);
  });

  it('keeps long enumerations, and unions of objects apart', () => {
    const many = Array.from({ length: 300 }, (_, index) => `code-${index}`);
    expect(typeOf({ type: 'string', enum: many })).toContain('"code-0" | "code-1"');
    const of = (kind: string, field: string): object => ({
      type: 'object',
      required: ['kind', field],
      additionalProperties: false,
      properties: { kind: { const: kind }, [field]: { type: 'number' } },
    });
    expect(typeOf({ oneOf: [of('card', 'number'), of('cash', 'given')] })).toMatch(/kind: "card";[^}]*\} \| \{[^}]*kind: "cash";/);
  });

  it('reads lists of draft-07 by its own words', () => {
    const $schema = 'http://json-schema.org/draft-07/schema#';
    const items = [{ type: 'string' }, { type: 'integer' }];
    expect(typeOf({ $schema, type: 'array', items, minItems: 1, additionalItems: { type: 'boolean' } })).toBe(
      'export type OrderPlacedData = readonly [string, number?, ...boolean[]];\n',
    );
    expect(typeOf({ type: 'array', prefixItems: items, items: false })).toBe(
      'export type OrderPlacedData = readonly [string?, number?];\n',
    );
  });

  it('takes a null where the check of events takes one', () => {
    expect(typeOf({ type: 'string', nullable: true })).toBe('export type OrderPlacedData = string | null;\n');
  });

  it('ends when definitions of a schema meet each other without end', () => {
    const node = (name: string): object => ({
      type: 'object',
      properties: { next: { allOf: [{ $ref: '#/$defs/a' }, { $ref: '#/$defs/b' }] }, [name]: {} },
    });
    expect(typeOf({ allOf: [{ $ref: '#/$defs/a' }, { $ref: '#/$defs/b' }], $defs: { a: node('a'), b: node('b') } })).toContain(
      'readonly next?:',
    );
  });
});

describe('a schema that says more than anybody reads', () => {
  it('of definitions that all meet each other is cut, where it would grow with every level', () => {
    const meet = (...names: number[]): object => ({ allOf: names.map((name) => ({ $ref: `#/$defs/d${name % 40}` })) });
    const properties = (of: number): object =>
      Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`p${at}`, meet(of * 7 + at, of + at * 3)]));
    const defs = Array.from({ length: 40 }, (_, of) => [`d${of}`, { type: 'object', properties: properties(of) }]);
    const schema = { $ref: '#/$defs/d0', $defs: Object.fromEntries(defs) as object };
    for (const text of [typeOf(schema), pythonOf(schema)]) expect(text.length).toBeLessThan(4_000_000);
    expect(typeOf(schema)).toContain('readonly p0?: {');
  });

  it('is nested no deeper than Python reads', () => {
    const nested = Array.from({ length: 300 }).reduce<object>((items) => ({ type: 'array', items }), { type: 'string' });
    expect(pythonOf(nested).match(/list\[/g)).toHaveLength(60);
    expect(typeOf(nested)).toContain('readonly unknown[]');
  });

  it('is anything when it is longer than a registry takes', () => {
    expect(typeOf({ type: 'string', description: 'x'.repeat(600_000) })).toBe('export type OrderPlacedData = unknown;\n');
  });
});

describe('the Python of a schema', () => {
  it('is a class where every name can be one, and a call otherwise', () => {
    const schema = {
      type: 'object',
      required: ['amount'],
      properties: { amount: { type: 'number' }, ship: { type: 'object', properties: { 'post-code': { type: 'string' } } } },
    };
    expect(pythonOf(schema)).toBe(`class OrderPlacedData(TypedDict):
    amount: float
    ship: NotRequired[OrderPlacedDataShip]


OrderPlacedDataShip = TypedDict(
    "OrderPlacedDataShip",
    {
        "post-code": NotRequired["str"],
    },
)`);
  });

  it('is an alias where the data are no object, with literals that Python has', () => {
    expect(pythonOf({ enum: ['a', 1, 2.5, true, null] })).toBe(
      'OrderPlacedData: TypeAlias = "Union[Literal[\\"a\\", 1, True], float, None]"',
    );
    expect(pythonOf({ type: 'array', prefixItems: [{ type: 'string' }], items: { type: 'integer' } })).toBe(
      'OrderPlacedData: TypeAlias = "list[Union[str, int]]"',
    );
    expect(pythonOf({ type: 'object', additionalProperties: { type: 'integer' } })).toBe('OrderPlacedData: TypeAlias = "dict[str, int]"');
  });

  it('has no comment that a tool takes for an order to it', () => {
    const schema = { type: 'object', properties: { a: { type: 'string', description: 'type: ignore\nmypy: ignore-errors' } } };
    expect(pythonOf(schema)).toContain('    #: type: ignore\n    #: mypy: ignore-errors\n    a: NotRequired[str]');
  });
});
