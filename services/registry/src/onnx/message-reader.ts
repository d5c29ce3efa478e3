/**
 * The protobuf wire format, as far as ONNX uses it: one message, field by field, without copying and never past its end.
 * Source: protobuf.dev/programming-guides/encoding.
 */

/** The bytes are no such message. */
export class UnreadableModel extends Error {}

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;
const LONGEST_VARINT = 10;

export class MessageReader {
  /** Number of the field that `next` came to. */
  field = 0;
  /** The field is a text, a message or a packed list: between `start` and `end`. */
  isBytes = false;
  /** The field is a whole number. */
  isNumber = false;
  /** Beyond 2^53 only near; negative where the highest of 64 bits is set. */
  number = 0;
  start: number;
  end: number;
  readonly #bytes: Buffer;
  readonly #first: number;
  readonly #limit: number;
  #at: number;

  constructor(bytes: Buffer, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = this.#first = start;
    this.#limit = end;
    this.start = this.end = start;
  }

  /** Goes to the next field; false at the end. Throws `UnreadableModel`. */
  next(): boolean {
    if (this.#at >= this.#limit) return false;
    const tag = this.#readVarint();
    this.field = Math.floor(tag / 8);
    const wireType = tag % 8;
    if (this.field < 1 || this.field > 0x1fffffff) throw new UnreadableModel(`field ${this.field} at byte ${this.#at} is none`);
    this.isBytes = wireType === BYTES;
    this.isNumber = wireType === VARINT;
    if (this.isNumber) this.number = this.#readVarint();
    else this.#skip(wireType);
    return true;
  }

  /** The field as a message of its own, read from its beginning. */
  message(): MessageReader {
    return new MessageReader(this.#bytes, this.start, this.end);
  }

  /** The same message from its beginning. */
  again(): MessageReader {
    return new MessageReader(this.#bytes, this.#first, this.#limit);
  }

  /** The field as a text, a character for each byte, so that different names stay different whatever their bytes are. */
  text(): string {
    return this.#bytes.toString('latin1', this.start, this.end);
  }

  /** The field as whole numbers: one, or a packed list. */
  *numbers(): Generator<number> {
    if (this.isNumber) yield this.number;
    if (!this.isBytes) return;
    const packed = this.message();
    while (packed.#at < packed.#limit) yield packed.#readVarint();
  }

  #skip(wireType: number): void {
    if (wireType === BYTES) {
      const length = this.#readVarint();
      if (length < 0) throw new UnreadableModel(`a length at byte ${this.#at} is below zero`);
      this.start = this.#at;
      this.#at += length;
    } else if (wireType === FIXED64) this.#at += 8;
    else if (wireType === FIXED32) this.#at += 4;
    else throw new UnreadableModel(`byte ${this.#at} begins a value of the kind ${wireType}, which ONNX does not use`);
    if (this.#at > this.#limit) throw new UnreadableModel('it ends in the middle of a value');
    this.end = this.#at;
  }

  #readVarint(): number {
    let [low, high] = [0, 0];
    for (let count = 0; count < LONGEST_VARINT; count += 1) {
      if (this.#at >= this.#limit) throw new UnreadableModel('it ends in the middle of a number');
      const byte = this.#bytes[this.#at] as number;
      this.#at += 1;
      if (count < 4) low += (byte & 0x7f) * 2 ** (7 * count);
      else if (count < 9) high += (byte & 0x7f) * 2 ** (7 * (count - 4));
      else high += (byte & 0x01) * 2 ** 35;
      if (byte < 0x80) return high < 2 ** 35 ? high * 2 ** 28 + low : high * 2 ** 28 + low - 2 ** 64;
    }
    throw new UnreadableModel(`a number at byte ${this.#at} is longer than ten bytes`);
  }
}
