/** Python of an event type: TypedDicts that describe what `json.loads` answers. What types cannot say is `Any`, never wrong. */
import { commentLines, hex, quoted } from './quote-text.ts';
import type { ShapeReader } from './read-shape.ts';
import { isNothing, isWide, unionOf, type Alternative, type Field, type Fields, type Literal, type Shape } from './shape.ts';
import { TypeNames } from './type-names.ts';
import { attributesOf, DATA_PATH, eventNote, headline, MAX_WRITTEN, readerOf, type TypedEvent } from './typed-event.ts';

const FROM_TYPING = ['Any', 'Literal', 'TypeAlias', 'Union'];
/** In the standard library from Python 3.11 on. */
const EXTENSIONS = ['NotRequired', 'TypedDict'];
const BUILT_IN = ['bool', 'dict', 'float', 'int', 'list', 'str'];
const KEYWORDS =
  'False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield';
const RESERVED = new Set([...FROM_TYPING, ...EXTENSIONS, ...BUILT_IN, ...KEYWORDS.split(' '), 'sys', 'annotations']);

/** For Python 3.10 and later; 3.10 needs the package typing_extensions. Passes `mypy --strict`. The same text for the same schema. */
export function writePython(type: TypedEvent): string {
  const names = new TypeNames(type.eventType, RESERVED);
  const event = names.claim('event');
  const writer = new PythonWriter(readerOf(type), names);
  const data: Field = { shape: [{ kind: 'named', path: DATA_PATH }], isRequired: true, notes: [] };
  const attributes = attributesOf(type).map(({ name, literal, isRequired, note }): [string, Field] => {
    const shape: Shape = literal === undefined ? [{ kind: 'scalar', type: 'string' }] : [{ kind: 'literal', value: literal }];
    return [name, { shape, isRequired, notes: [note] }];
  });
  writer.declareFields(event, new Map([...attributes, ['data', data]]), { notes: [eventNote(type)], words: [] });
  const body = writer.declarations().join('\n\n');
  return `${head(type, body)}\n\n${body}`;
}

function head(type: TypedEvent, body: string): string {
  const used = FROM_TYPING.filter((name) => new RegExp(`\\b${name}\\b`).test(body));
  return `# ${headline(type)}
from __future__ import annotations

import sys
from typing import ${used.join(', ')}

if sys.version_info >= (3, 11):
    from typing import ${EXTENSIONS.join(', ')}
else:
    from typing_extensions import ${EXTENSIONS.join(', ')}
`;
}

/** What a declaration is beside its fields. */
interface Surroundings {
  readonly notes: readonly string[];
  /** From which the names of what lies in it are made. */
  readonly words: readonly string[];
}

/** Python reads no more than 200 brackets within each other. */
const MAX_DEPTH = 60;

class PythonWriter {
  readonly #reader: ShapeReader;
  readonly #names: TypeNames;
  /** By place in the schema, in the order in which they were first named. */
  readonly #named = new Map<string, string>();
  readonly #written: string[] = [];
  #count = 0;
  #depth = 0;

  constructor(reader: ShapeReader, names: TypeNames) {
    this.#reader = reader;
    this.#names = names;
  }

  /** Of everything that has been named, and of what those name. */
  declarations(): readonly string[] {
    for (const [path, name] of this.#named) this.#declare(name, path);
    return this.#written;
  }

  #declare(name: string, path: string): void {
    const shape = this.#reader.named(path);
    const notes = this.#reader.notes(path);
    const words = [name];
    const [only, ...more] = shape;
    if (only?.kind === 'fields' && more.length === 0 && keptFields(only).size > 0) {
      this.declareFields(name, keptFields(only), { notes, words });
      return;
    }
    const place = this.#reserve();
    this.#written[place] = `${comment(notes, '')}${name}: TypeAlias = ${textLiteral(this.#type(shape, words))}\n`;
  }

  /** A TypedDict; as a call where a field's name is none in Python, or would hide what the types of others are made of. */
  declareFields(name: string, fields: ReadonlyMap<string, Field>, { notes, words }: Surroundings): void {
    const place = this.#reserve();
    const isClass = [...fields.keys()].every((field) => /^[A-Za-z][A-Za-z0-9_]*$/.test(field) && !this.#names.isTaken(field));
    const lines = [...fields].map(([field, { shape, isRequired, notes: own }]) => {
      const type = this.#type(shape, [...words, field]);
      if (isClass) return `${comment(own, '    ')}    ${field}: ${isRequired ? type : `NotRequired[${type}]`}\n`;
      const text = textLiteral(type);
      return `${comment(own, '        ')}        ${textLiteral(field)}: ${isRequired ? text : `NotRequired[${text}]`},\n`;
    });
    const open = isClass ? `class ${name}(TypedDict):\n` : `${name} = TypedDict(\n    "${name}",\n    {\n`;
    this.#written[place] = `${comment(notes, '')}${open}${lines.join('')}${isClass ? '' : '    },\n)\n'}`;
  }

  /** A declaration comes before those of what lies in it. */
  #reserve(): number {
    return this.#written.push('') - 1;
  }

  #type(shape: Shape, words: readonly string[]): string {
    this.#count += 1;
    if (isWide(shape) || isNothing(shape) || this.#count > MAX_WRITTEN || this.#depth >= MAX_DEPTH) return 'Any';
    this.#depth += 1;
    const type = this.#union(shape, words);
    this.#depth -= 1;
    return type;
  }

  #union(shape: Shape, words: readonly string[]): string {
    const literals = shape.filter((one) => one.kind === 'literal');
    const others = shape.filter((one) => one.kind !== 'literal').map((one) => this.#alternative(one, words));
    const types = [...new Set([...literalTypes(literals), ...others])];
    if (types.includes('Any')) return 'Any';
    return types.length === 1 ? (types[0] ?? 'Any') : `Union[${types.join(', ')}]`;
  }

  #alternative(one: Exclude<Alternative, Literal>, words: readonly string[]): string {
    switch (one.kind) {
      case 'anything':
        return 'Any';
      case 'scalar':
        return SCALARS[one.type];
      case 'named':
        return this.#nameOf(one.path);
      case 'list':
        return `list[${this.#type(unionOf([...one.first, one.rest]), [...words, 'item'])}]`;
      case 'fields':
        return this.#fields(one, words);
    }
  }

  #fields(one: Fields, words: readonly string[]): string {
    const kept = keptFields(one);
    if (kept.size === 0) return `dict[str, ${this.#type(one.others, [...words, 'value'])}]`;
    const name = this.#names.claimWithin(words);
    this.declareFields(name, kept, { notes: [], words });
    return name;
  }

  #nameOf(path: string): string {
    const name = this.#named.get(path) ?? (path === DATA_PATH ? this.#names.claim('data') : this.#names.claimFor(path));
    this.#named.set(path, name);
    return name;
  }
}

const SCALARS = { null: 'None', boolean: 'bool', integer: 'int', number: 'float', string: 'str' } as const;

/** A field that no value can have is not there. */
const keptFields = ({ fields }: Fields): ReadonlyMap<string, Field> => new Map([...fields].filter(([, { shape }]) => !isNothing(shape)));

function literalTypes(literals: readonly Literal[]): string[] {
  const values = literals.map(({ value }) => value);
  const told = values.filter((value) => typeof value === 'string' || typeof value === 'boolean' || Number.isSafeInteger(value));
  const texts = told.map((value) => (typeof value === 'string' ? textLiteral(value) : (PYTHON_VALUES.get(value) ?? String(value))));
  return [
    ...(texts.length > 0 ? [`Literal[${texts.join(', ')}]`] : []),
    ...(values.some((value) => typeof value === 'number' && !Number.isSafeInteger(value)) ? ['float'] : []),
    ...(values.includes(null) ? ['None'] : []),
  ];
}

const PYTHON_VALUES = new Map<unknown, string>([
  [true, 'True'],
  [false, 'False'],
]);

const escapeCodePoint = (codePoint: number): string => (codePoint > 0xffff ? `\\U${hex(codePoint, 8)}` : `\\u${hex(codePoint, 4)}`);
const textLiteral = (text: string): string => quoted(text, escapeCodePoint);

/** `#:` is what documentation tools read, and what neither mypy nor a linter takes for a directive. */
function comment(notes: readonly string[], indent: string): string {
  return notes
    .flatMap(commentLines)
    .map((line) => `${indent}#: ${line}\n`)
    .join('');
}
