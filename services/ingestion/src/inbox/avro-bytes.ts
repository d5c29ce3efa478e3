/** Reads Avro's binary encoding (1.12), primitive by primitive, and never beyond the end: the bytes are somebody else's. */
import { isUtf8 } from 'node:buffer';

/** Why bytes are no value of their schema. `path`: JSON pointer into the value. */
export class AvroFault extends Error {
  override readonly name = 'AvroFault';

  constructor(
    message: string,
    readonly path: readonly (string | number)[],
  ) {
    super(message);
  }
}

/** Seven bits a byte: so many bytes fit a number exactly. */
const EXACT_BYTES = 7;
const MAX_LONG_BYTES = 10;
/** Items of no bytes (null, a record without fields): any number of them costs a sender nothing, and a reader its memory. */
const MAX_EMPTY_ITEMS = 10_000;

export class AvroBytes {
  readonly #bytes: Buffer;
  #at = 0;
  #emptyItems = 0;
  /** Where the reader is in the value, for faults. */
  readonly path: (string | number)[] = [];

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get at(): number {
    return this.#at;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  fault(message: string): AvroFault {
    return new AvroFault(message, [...this.path]);
  }

  take(length: number): Buffer {
    if (length < 0 || length > this.left) throw this.fault(`it says ${length} bytes follow, and there are ${this.left}`);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  boolean(): boolean {
    const byte = this.#byte();
    if (byte > 1) throw this.fault(`a boolean is 0 or 1; this is ${byte}`);
    return byte === 1;
  }

  int(): number {
    const value = this.long();
    if (typeof value === 'number' && value === (value | 0)) return value;
    throw this.fault(`an int has 32 bits; this is ${value}`);
  }

  /** A number where that is exact. */
  long(): number | bigint {
    let value = 0;
    for (let n = 0, factor = 1; n < EXACT_BYTES; n += 1, factor *= 128) {
      const byte = this.#byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
    return this.#largeLong(BigInt(value));
  }

  /** How many items or bytes follow. */
  length(): number {
    const value = this.long();
    if (typeof value === 'number') return value;
    throw this.fault(`a length of ${value} cannot be`);
  }

  float(): number {
    return this.#finite(this.take(4).readFloatLE());
  }

  double(): number {
    return this.#finite(this.take(8).readDoubleLE());
  }

  string(): string {
    const bytes = this.take(this.length());
    if (isUtf8(bytes)) return bytes.toString('utf8');
    throw this.fault('a string is UTF-8; this is not');
  }

  /** An item was read and took no bytes. */
  countEmptyItem(): void {
    this.#emptyItems += 1;
    if (this.#emptyItems > MAX_EMPTY_ITEMS) throw this.fault(`it has more than ${MAX_EMPTY_ITEMS} items without content`);
  }

  #largeLong(begun: bigint): number | bigint {
    let value = begun;
    for (let n = EXACT_BYTES; n < MAX_LONG_BYTES; n += 1) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << BigInt(7 * n);
      if (byte < 0x80) return exact((value >> 1n) ^ -(value & 1n), this);
    }
    throw this.fault(`a number of more than ${MAX_LONG_BYTES} bytes is none`);
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw this.fault('it ends in the middle of a value');
    this.#at += 1;
    return byte;
  }

  #finite(value: number): number {
    if (Number.isFinite(value)) return value;
    throw this.fault(`JSON has no ${value}. Leave the field null, or send it as a string`);
  }
}

function exact(value: bigint, bytes: AvroBytes): number | bigint {
  if (BigInt.asIntN(64, value) !== value) throw bytes.fault('a long has 64 bits; this has more');
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
