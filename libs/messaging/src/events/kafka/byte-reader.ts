/** Reads Kafka's wire types, big-endian, from a buffer. "Compact" are those of flexible versions (KIP-482). */
export class ByteReader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get at(): number {
    return this.#at;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  skip(bytes: number): void {
    this.#at += bytes;
  }

  int8(): number {
    this.#at += 1;
    return this.#bytes.readInt8(this.#at - 1);
  }

  int16(): number {
    this.#at += 2;
    return this.#bytes.readInt16BE(this.#at - 2);
  }

  int32(): number {
    this.#at += 4;
    return this.#bytes.readInt32BE(this.#at - 4);
  }

  /** Offsets and times: far below 2^53. */
  int64(): number {
    const high = this.int32();
    this.#at += 4;
    return high * 0x1_0000_0000 + this.#bytes.readUInt32BE(this.#at - 4);
  }

  /** Zigzag, as the fields of records are written. */
  varint(): number {
    const value = this.#unsigned();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  bytes(length: number): Buffer {
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** UTF-8 text of so many bytes. */
  text(length: number): string {
    this.#at += length;
    return this.#bytes.toString('utf8', this.#at - length, this.#at);
  }

  string(): string {
    return this.text(this.int16());
  }

  array<T>(read: () => T): T[] {
    return Array.from({ length: Math.max(0, this.int32()) }, read);
  }

  uuid(): string {
    const hex = this.bytes(16).toString('hex');
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
  }

  /** Null is told by length 0. */
  compactString(): string | null {
    const length = this.#unsigned() - 1;
    return length < 0 ? null : this.text(length);
  }

  compactArray<T>(read: () => T): T[] {
    return Array.from({ length: Math.max(0, this.#unsigned() - 1) }, read);
  }

  /** Optional fields of later versions, of which none is known here. */
  skipTags(): void {
    for (let tags = this.#unsigned(); tags > 0; tags -= 1) {
      this.#unsigned();
      this.skip(this.#unsigned());
    }
  }

  #unsigned(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) throw new RangeError('The answer ends in the middle of a number.');
      this.#at += 1;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  }
}
