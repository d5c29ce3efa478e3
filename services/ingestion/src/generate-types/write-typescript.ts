/** TypeScript of an event type: the event, and its data as far as types can say it. What they cannot say is `unknown`, never wrong. */
import { commentLines, hex, quoted } from './quote-text.ts';
import type { ShapeReader } from './read-shape.ts';
import {
  ANYTHING,
  isNothing,
  isWide,
  sizeOf,
  unionOf,
  type Alternative,
  type Field,
  type Fields,
  type List,
  type LiteralValue,
  type Shape,
} from './shape.ts';
import { TypeNames } from './type-names.ts';
import { attributesOf, DATA_PATH, eventNote, headline, MAX_WRITTEN, readerOf, type Attribute, type TypedEvent } from './typed-event.ts';

/** Compiles under `strict` with any version from TypeScript 4.4 on, and needs no library. The same text for the same schema. */
export function writeTypeScript(type: TypedEvent): string {
  const names = new TypeNames(type.eventType);
  const event = names.claim('event');
  const writer = new TypeScriptWriter(readerOf(type), names, names.claim('data'));
  const fields = [...attributesOf(type).map(attributeLine), `  readonly data: ${writer.nameOf(DATA_PATH)};`];
  const extensions = '  /** Extension attributes of the sender: on the log they are texts. */\n  readonly [attribute: string]: unknown;';
  return [
    `// ${headline(type)}\n`,
    `${comment([eventNote(type)], '')}export type ${event} = {\n${[...fields, extensions].join('\n')}\n};\n`,
    ...writer.declarations(),
  ].join('\n');
}

function attributeLine({ name, literal, isRequired, note }: Attribute): string {
  return `${comment([note], '  ')}  readonly ${name}${isRequired ? '' : '?'}: ${literal === undefined ? 'string' : textLiteral(literal)};`;
}

class TypeScriptWriter {
  readonly #reader: ShapeReader;
  readonly #names: TypeNames;
  /** By place in the schema, in the order in which they were first named. */
  readonly #named = new Map<string, string>();
  #written = 0;

  constructor(reader: ShapeReader, names: TypeNames, dataName: string) {
    this.#reader = reader;
    this.#names = names;
    this.#named.set(DATA_PATH, dataName);
  }

  nameOf(path: string): string {
    const name = this.#named.get(path) ?? this.#names.claimFor(path);
    this.#named.set(path, name);
    return name;
  }

  /** Of everything that has been named, and of what those name. */
  *declarations(): Generator<string> {
    for (const [path, name] of this.#named) {
      yield `${comment(this.#reader.notes(path), '')}export type ${name} = ${this.#type(this.#reader.named(path), '')};\n`;
    }
  }

  #type(shape: Shape, indent: string): string {
    this.#written += 1;
    if (isWide(shape) || this.#written > MAX_WRITTEN) return 'unknown';
    if (isNothing(shape)) return 'never';
    return [...new Set(shape.map((one) => this.#alternative(one, indent)))].join(' | ');
  }

  #alternative(one: Alternative, indent: string): string {
    switch (one.kind) {
      case 'anything':
        return 'unknown';
      case 'scalar':
        return one.type === 'integer' ? 'number' : one.type;
      case 'literal':
        return literal(one.value);
      case 'named':
        return this.nameOf(one.path);
      case 'list':
        return this.#list(one, indent);
      case 'fields':
        return this.#fields(one, indent);
    }
  }

  #list({ first, rest, atLeast }: List, indent: string): string {
    if (first.length === 0) return `readonly ${inBrackets(this.#type(rest, indent))}[]`;
    const items = first.map((item, index) => inBrackets(this.#type(item, indent)) + (index < atLeast ? '' : '?'));
    const more = isNothing(rest) ? [] : [`...${inBrackets(this.#type(rest, indent))}[]`];
    return `readonly [${[...items, ...more].join(', ')}]`;
  }

  #fields(one: Fields, indent: string): string {
    const inner = `${indent}  `;
    const lines = [...one.fields].map(([name, field]) => this.#field(name, field, inner));
    return `{\n${[...lines, ...this.#others(one, inner)].join('\n')}\n${indent}}`;
  }

  #field(name: string, { shape, isRequired, notes }: Field, indent: string): string {
    const type = !isRequired && INHERITED.has(name) ? 'unknown' : this.#type(shape, indent);
    return `${comment(notes, indent)}${indent}readonly ${fieldName(name)}${isRequired ? '' : '?'}: ${type};`;
  }

  /** TypeScript asks that a field that has a name fits what is said of those that have none. */
  #others({ fields, others }: Fields, indent: string): string[] {
    const named = [...fields.values()];
    if (isNothing(others) && named.length > 0) return [];
    // What is said twice at each level is said a thousand times ten levels deep.
    const isLarge = named.some(({ shape }) => sizeOf(shape, MAX_REPEATED) === MAX_REPEATED);
    const hasInherited = [...fields].some(([name, { isRequired }]) => !isRequired && INHERITED.has(name));
    const all = hasInherited || isLarge ? ANYTHING : unionOf([others, ...named.map(({ shape }) => shape)]);
    const type = isNothing(others) ? 'never' : this.#type(all, indent);
    const isAbsent = type !== 'unknown' && named.some(({ isRequired }) => !isRequired);
    return [`${indent}readonly [name: string]: ${type}${isAbsent ? ' | undefined' : ''};`];
  }
}

/** Parts of a field's type that are written a second time in what is said of fields without a name. */
const MAX_REPEATED = 20;
/** To the compiler every object has these, with types of their own, also where they have not been sent. */
const INHERITED = new Set(Object.getOwnPropertyNames(Object.prototype));
const IDENTIFIER = /^[A-Za-z_$][A-Za-z0-9_$]*$/;

const escapeCodePoint = (codePoint: number): string => `\\u{${hex(codePoint, 4)}}`;
const textLiteral = (text: string): string => quoted(text, escapeCodePoint);
const fieldName = (name: string): string => (IDENTIFIER.test(name) ? name : textLiteral(name));
const inBrackets = (type: string): string => (/^[A-Za-z0-9_]+$/.test(type) ? type : `(${type})`);

function literal(value: LiteralValue): string {
  if (typeof value === 'string') return textLiteral(value);
  return typeof value === 'number' && !Number.isFinite(value) ? 'number' : String(value);
}

/** Nothing in it ends the comment, or is a directive to the compiler. */
function comment(notes: readonly string[], indent: string): string {
  const lines = notes.flatMap(commentLines).map((line) => line.replaceAll('*/', '*\\/').replaceAll('@ts-', '@ ts-'));
  if (lines.length === 0) return '';
  if (lines.length === 1) return `${indent}/** ${lines[0]} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}\n`).join('')}${indent} */\n`;
}
