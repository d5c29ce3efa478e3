const FIRST_BYTES = 65_536;
/** Up to here a loop is faster than Buffer.write. */
const SHORT = 64;

/** Writes Kafka's wire types, big-endian, into one buffer that grows. */
export class ByteWriter {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #at = 0;

  get at(): number {
    return this.#at;
  }

  /** What has been written, without a copy. */
  get written(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }

  /** Leaves room for what is known later; answers where. */
  skip(bytes: number): number {
    this.#reserve(bytes);
    this.#at += bytes;
    return this.#at - bytes;
  }

  int8(value: number): void {
    const at = this.skip(1);
    this.#bytes.writeInt8(value, at);
  }

  int16(value: number): void {
    const at = this.skip(2);
    this.#bytes.writeInt16BE(value, at);
  }

  int32(value: number): void {
    const at = this.skip(4);
    this.#bytes.writeInt32BE(value, at);
  }

  int64(value: bigint): void {
    const at = this.skip(8);
    this.#bytes.writeBigInt64BE(value, at);
  }

  int32At(at: number, value: number): void {
    this.#bytes.writeInt32BE(value, at);
  }

  uint32At(at: number, value: number): void {
    this.#bytes.writeUInt32BE(value, at);
  }

  string(text: string): void {
    const at = this.skip(2);
    this.#reserve(3 * text.length);
    const bytes = this.#put(text, this.#at);
    this.#bytes.writeInt16BE(bytes, at);
    this.#at += bytes;
  }

  /** Zigzag, of what is not negative. */
  varint(value: number): void {
    this.#reserve(VARINT_MOST);
    this.#at = this.#putVarint(value, this.#at);
  }

  /** UTF-8 behind its length. */
  varintText(text: string): void {
    this.#reserve(VARINT_MOST + 3 * text.length);
    this.#behindLength(varintSize(text.length), (at) => this.#put(text, at));
  }

  /** What `write` writes, behind its length. */
  varintBytes(write: () => void): void {
    const start = this.#at;
    this.#reserve(VARINT_MOST);
    this.#at += USUAL_LENGTH;
    write();
    const bytes = this.#at - start - USUAL_LENGTH;
    this.#reserve(VARINT_MOST);
    this.#at = start;
    this.#behindLength(USUAL_LENGTH, () => bytes);
  }

  /** The length's own size is guessed, and what lies behind it moves where the guess was wrong. */
  #behindLength(guess: number, put: (at: number) => number): void {
    const start = this.#at;
    const bytes = put(start + guess);
    const size = varintSize(bytes);
    if (size !== guess) this.#bytes.copyWithin(start + size, start + guess, start + guess + bytes);
    this.#at = this.#putVarint(bytes, start) + bytes;
  }

  #put(text: string, at: number): number {
    const bytes = this.#bytes;
    const { length } = text;
    if (length > SHORT) return bytes.write(text, at);
    for (let index = 0; index < length; index += 1) {
      const code = text.charCodeAt(index);
      if (code >= 0x80) return bytes.write(text, at);
      bytes[at + index] = code;
    }
    return length;
  }

  #putVarint(value: number, start: number): number {
    let [left, at] = [value * 2, start];
    for (; left >= 0x80; left = Math.floor(left / 0x80)) {
      this.#bytes[at] = (left % 0x80) | 0x80;
      at += 1;
    }
    this.#bytes[at] = left;
    return at + 1;
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, this.#at + bytes));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
}

const VARINT_MOST = 5;
/** Of a record's length: 64 to 8,191 bytes. */
const USUAL_LENGTH = 2;

function varintSize(value: number): number {
  let size = 1;
  for (let left = value * 2; left >= 0x80; left = Math.floor(left / 0x80)) size += 1;
  return size;
}
