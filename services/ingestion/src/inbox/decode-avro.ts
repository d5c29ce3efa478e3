/**
 * A value in Avro's binary encoding as JSON has it: bytes and fixed in base64, logical types as text, a union's value plain. Not avsc's
 * decoder, which takes lengths at their word: a broken record would have it fill the memory.
 */
import type { AvroFixed, AvroLogical, AvroType } from '../schema-registry/avro-schema.ts';
import { AvroBytes } from './avro-bytes.ts';
import { logicalBytes, logicalNumber } from './avro-logical.ts';

/** As deep as events may be (check-json.ts); more would end the stack. */
const MAX_DEPTH = 100;

/** All of `bytes`. Throws `AvroFault`. */
export function decodeAvro(type: AvroType, bytes: Buffer): unknown {
  const reader = new AvroBytes(bytes);
  const value = decode(type, reader);
  if (reader.left === 0) return value;
  throw reader.fault(`${reader.left} bytes are left behind it: it was written with another schema`);
}

function decode(type: AvroType, bytes: AvroBytes): unknown {
  switch (type.kind) {
    case 'null':
      return null;
    case 'boolean':
      return bytes.boolean();
    case 'int':
      return numberOf(bytes.int(), type.logical, bytes);
    case 'long':
      return numberOf(bytes.long(), type.logical, bytes);
    case 'float':
      return bytes.float();
    case 'double':
      return bytes.double();
    case 'string':
      return bytes.string();
    case 'bytes':
      return textOf(bytes.take(bytes.length()), type.logical, bytes);
    default:
      return decodeComplex(type, bytes);
  }
}

type Complex = Exclude<AvroType, { readonly kind: 'null' | 'boolean' | 'int' | 'long' | 'float' | 'double' | 'string' | 'bytes' }>;

function decodeComplex(type: Complex, bytes: AvroBytes): unknown {
  if (bytes.path.length >= MAX_DEPTH) throw bytes.fault(`it is nested more than ${MAX_DEPTH} levels deep`);
  switch (type.kind) {
    case 'record':
      // A field may be called `__proto__`: it becomes one like the others.
      return Object.fromEntries(type.fields.map((field) => [field.name, at(field.name, field.type, bytes)]));
    case 'enum':
      return chosen(type.symbols, bytes);
    case 'union':
      return decode(chosen(type.branches, bytes), bytes);
    case 'array':
      return [...blocks(bytes, (index) => at(index, type.inner, bytes))];
    case 'map':
      return Object.fromEntries(blocks(bytes, () => entryOf(type.inner, bytes)));
    case 'fixed':
      return fixedOf(type, bytes);
  }
}

function at(step: string | number, type: AvroType, bytes: AvroBytes): unknown {
  bytes.path.push(step);
  const value = decode(type, bytes);
  bytes.path.pop();
  return value;
}

function chosen<T>(choices: readonly T[], bytes: AvroBytes): T {
  const index = bytes.length();
  const choice = choices[index];
  if (choice === undefined) throw bytes.fault(`it names choice ${index} of ${choices.length}: it was written with another schema`);
  return choice;
}

/** Blocks of items, each with their number; a negative one is followed by their bytes. */
function* blocks<T>(bytes: AvroBytes, read: (index: number) => T): Generator<T> {
  for (let count = bytes.length(), index = 0; count !== 0; count = bytes.length()) {
    if (count < 0) bytes.length();
    for (let left = Math.abs(count); left > 0; left -= 1, index += 1) {
      const before = bytes.at;
      yield read(index);
      if (bytes.at === before) bytes.countEmptyItem();
    }
  }
}

function entryOf(inner: AvroType, bytes: AvroBytes): [string, unknown] {
  const key = bytes.string();
  return [key, at(key, inner, bytes)];
}

function numberOf(value: number | bigint, logical: AvroLogical | undefined, bytes: AvroBytes): number | string {
  const text = logical === undefined ? undefined : logicalNumber(logical, value, bytes);
  if (text !== undefined) return text;
  if (typeof value === 'number') return value;
  throw bytes.fault(`the long ${value} is beyond ±2^53, where numbers in JSON lose digits. Send it as a string`);
}

function textOf(value: Buffer, logical: AvroLogical | undefined, bytes: AvroBytes): string {
  return (logical === undefined ? undefined : logicalBytes(logical, value, bytes)) ?? value.toString('base64');
}

const fixedOf = ({ size, logical }: AvroFixed, bytes: AvroBytes): string => textOf(bytes.take(size), logical, bytes);
