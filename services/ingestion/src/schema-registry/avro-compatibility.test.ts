import avro from 'avsc';
import { avroIncompatibilities } from './avro-compatibility.ts';
import { parseAvroSchema } from './avro-schema.ts';

const rulesOf = (written: unknown, read: unknown): string[] =>
  avroIncompatibilities(parseAvroSchema(written), parseAvroSchema(read)).map(({ rule, path }) => `${rule} ${path}`);

const record = (fields: unknown[], more: object = {}): object => ({ type: 'record', name: 'Order', namespace: 'shop', fields, ...more });
const field = (name: string, type: unknown, more: object = {}): object => ({ name, type, ...more });
const colour = (symbols: string[], more: object = {}): object => ({ type: 'enum', name: 'Colour', symbols, ...more });

describe('an Avro schema reads data of another', () => {
  it.each<[string, unknown, unknown]>([
    [
      'with a new field that has a default',
      record([field('a', 'int')]),
      record([field('a', 'int'), field('b', 'string', { default: '' })]),
    ],
    ['with a field less', record([field('a', 'int'), field('b', 'int')]), record([field('a', 'int')])],
    ['with a field under an alias', record([field('a', 'int')]), record([field('b', 'int', { aliases: ['a'] })])],
    ['with a wider number', 'int', 'double'],
    ['with bytes for texts and texts for bytes', ['string', 'bytes'], 'bytes'],
    ['with one branch for what was no union', 'int', ['null', 'long']],
    ['with the symbols that are there, or a default', colour(['RED', 'BLUE']), colour(['RED'], { default: 'RED' })],
    ['under an alias with its namespace', record([]), record([], { name: 'Purchase', aliases: ['Order'] })],
    ['with wider items and values', { type: 'array', items: 'int' }, { type: 'array', items: 'long' }],
  ])('%s', (_, written, read) => {
    expect(rulesOf(written, read)).toEqual([]);
  });

  it('that refers to itself', () => {
    const list = (value: string): object => record([field('value', value), field('next', ['null', 'Order'])]);
    expect(rulesOf(list('int'), list('long'))).toEqual([]);
    expect(rulesOf(list('long'), list('int'))).toEqual(['TYPE_MISMATCH #/fields/0/type']);
  });
});

describe('what cannot be read is told by its rule and place:', () => {
  it.each<[string, unknown, unknown, string[]]>([
    ['a new field without default', record([]), record([field('a', 'int')]), ['READER_FIELD_MISSING_DEFAULT_VALUE #/fields/0']],
    ['another type', record([field('a', 'int')]), record([field('a', 'string')]), ['TYPE_MISMATCH #/fields/0/type']],
    ['another name', record([]), record([], { name: 'Purchase' }), ['NAME_MISMATCH #/name']],
    ['another namespace', record([]), record([], { namespace: 'store' }), ['NAME_MISMATCH #/name']],
    ['a symbol less', colour(['RED', 'BLUE']), colour(['RED']), ['MISSING_ENUM_SYMBOLS #/symbols']],
    ['another size', { type: 'fixed', name: 'F', size: 4 }, { type: 'fixed', name: 'F', size: 8 }, ['FIXED_SIZE_MISMATCH #/size']],
    ['no branch', 'string', ['null', 'int'], ['MISSING_UNION_BRANCH #']],
    ['a branch less', ['null', 'string', 'int'], ['null', 'string'], ['MISSING_UNION_BRANCH #']],
    ['a union that is none any more', ['null', 'int'], 'int', ['TYPE_MISMATCH #']],
    [
      'what a branch of the union lacks',
      ['null', record([])],
      ['null', record([field('a', 'int')])],
      ['MISSING_UNION_BRANCH #', 'READER_FIELD_MISSING_DEFAULT_VALUE #/1/fields/0'],
    ],
    [
      'two fields that are read as one',
      record([field('a', 'int'), field('b', 'int')]),
      record([field('c', 'int', { aliases: ['a', 'b'] })]),
      ['READER_FIELD_AMBIGUOUS #/fields/0'],
    ],
  ])('%s', (_, written, read, rules) => {
    expect(rulesOf(written, read)).toEqual(rules);
    expect(() => avro.Type.forSchema(read as avro.Schema).createResolver(avro.Type.forSchema(written as avro.Schema))).toThrow(/./);
  });

  it('all at once, each with what to do', () => {
    const written = parseAvroSchema(record([field('a', 'string'), field('c', colour(['RED', 'BLUE']))]));
    const read = parseAvroSchema(record([field('a', 'int'), field('b', 'int'), field('c', colour(['RED']))]));
    const found = avroIncompatibilities(written, read);
    expect(found.map(({ rule }) => rule)).toEqual(['TYPE_MISMATCH', 'READER_FIELD_MISSING_DEFAULT_VALUE', 'MISSING_ENUM_SYMBOLS']);
    expect(found[1]?.fix).toContain('Add a default to the field b');
  });
});

describe('against the codec that reads the bytes', () => {
  const NAMES = ['a', 'b', 'c'];
  const PRIMITIVES = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'];

  /** A linear congruential generator (Numerical Recipes): the same pairs on every machine. */
  function seeded(seed: number): (count: number) => number {
    let state = seed;
    return (count) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 4_294_967_296) * count);
    };
  }

  class Generator {
    #records = 0;

    constructor(readonly below: (count: number) => number) {}

    pick<T>(from: readonly T[]): T {
      return from[this.below(from.length)] as T;
    }

    type(depth: number): unknown {
      const kind = depth > 0 ? this.below(10) : this.below(4);
      if (kind < 4) return this.pick(PRIMITIVES);
      if (kind === 4) return { type: 'array', items: this.type(depth - 1) };
      if (kind === 5) return { type: 'map', values: this.type(depth - 1) };
      if (kind === 6) return ['null', this.pick(PRIMITIVES.slice(1))];
      if (kind === 7) return { type: 'fixed', name: this.name('F'), size: 1 + this.below(2) };
      if (kind === 8) return { type: 'enum', name: this.name('E'), symbols: NAMES.slice(0, 1 + this.below(3)), ...this.default('a') };
      return this.record(depth - 1);
    }

    default(value: unknown): object {
      return this.below(3) === 0 ? { default: value } : {};
    }

    /** Of few, so that those of two schemas meet; each once in a schema. */
    name(prefix: string): string {
      this.#records += 1;
      return `${prefix}${this.#records}`;
    }

    record(depth: number): object {
      const name = this.name('R');
      const fields = NAMES.filter(() => this.below(3) > 0).map((one) =>
        this.below(4) === 0 ? { name: one, type: 'int', ...this.default(0) } : { name: one, type: this.type(depth) },
      );
      return { type: 'record', name, fields };
    }

    /** The same schema with some parts made anew. */
    changed(schema: unknown): unknown {
      if (this.below(12) === 0) return this.pick(PRIMITIVES);
      if (typeof schema === 'string') return schema === 'int' && this.below(2) === 0 ? this.pick(['long', 'double']) : schema;
      if (Array.isArray(schema))
        return this.below(3) === 0 ? schema : [...new Set([...schema.slice(this.below(2)), this.pick(PRIMITIVES)])];
      const { type, fields, items, values, symbols, ...others } = schema as Record<string, unknown>;
      if (type === 'record') return { type, ...others, fields: this.changedFields(fields as { type: unknown }[]) };
      if (type === 'array') return { type, items: this.changed(items) };
      if (type === 'map') return { type, values: this.changed(values) };
      if (type === 'enum') return { type, ...others, symbols: (symbols as string[]).slice(0, 1 + this.below(3)) };
      return this.below(3) === 0 ? { ...(schema as object), size: 1 + this.below(2) } : schema;
    }

    changedFields(fields: { type: unknown }[]): object[] {
      const kept = fields.filter(() => this.below(6) > 0).map((one) => ({ ...one, type: this.changed(one.type) }));
      const plain = kept.map((one) => ('default' in one ? { ...one, type: 'int' } : one));
      if (this.below(3) > 0) return plain;
      return [...plain, { name: 'd', type: 'string', ...this.default('') }];
    }
  }

  function typesOf(pair: readonly [unknown, unknown]): [avro.Type, avro.Type] | undefined {
    try {
      return pair.map((schema) => avro.Type.forSchema(schema as avro.Schema)) as [avro.Type, avro.Type];
    } catch {
      return undefined; // a union of the same twice, for instance
    }
  }

  function canResolve(read: avro.Type, written: avro.Type): boolean {
    try {
      read.createResolver(written);
      return true;
    } catch {
      return false;
    }
  }

  it('compatible data are read from their bytes, incompatible ones are refused, for every generated pair', () => {
    const counts = { compatible: 0, refused: 0, readAllTheSame: 0, faulty: 0 };
    for (let seed = 1; seed <= 4_000; seed += 1) {
      const generate = new Generator(seeded(seed));
      const before = generate.record(3);
      const after = generate.changed(before);
      const types = typesOf([before, after]);
      if (types === undefined) continue;
      const [written, read] = types;
      if (rulesOf(before, after).length > 0) {
        counts.refused += 1;
        counts.readAllTheSame += canResolve(read, written) ? 1 : 0;
        continue;
      }
      counts.compatible += 1;
      const resolver = read.createResolver(written);
      for (let count = 0; count < 5; count += 1) {
        counts.faulty += read.isValid(read.fromBuffer(written.toBuffer(written.random()), resolver)) ? 0 : 1;
      }
    }
    expect(counts).toMatchObject({ readAllTheSame: 0, faulty: 0 });
    expect(counts.compatible).toBeGreaterThan(500);
    expect(counts.refused).toBeGreaterThan(500);
  });
});
