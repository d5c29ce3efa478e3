/** One message of a protocol on its way through a proxy. */
export interface WireMessage {
  /** Who sent it. */
  readonly side: 'client' | 'server';
  /** In the protocol's own words: Produce, COMMIT, basic.ack. Empty where nobody asks for it by name. */
  readonly name: string;
  readonly bytes: Buffer;
}

/** Takes apart what goes through one connection. Each piece may be cut anywhere; what is not whole yet is kept for the next. */
export interface Wire {
  client(piece: Buffer): WireMessage[];
  server(piece: Buffer): WireMessage[];
}

/** Cuts a stream of bytes into frames. */
export class Frames {
  readonly #lengthOf: (bytes: Buffer) => number | undefined;
  #rest: Buffer = Buffer.alloc(0);

  /** `lengthOf`: of the frame that begins with these bytes; undefined while there are too few to tell. */
  constructor(lengthOf: (bytes: Buffer) => number | undefined) {
    this.#lengthOf = lengthOf;
  }

  push(piece: Buffer): Buffer[] {
    const frames: Buffer[] = [];
    let bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    for (let length = this.#lengthOf(bytes); length !== undefined && length <= bytes.length; length = this.#lengthOf(bytes)) {
      frames.push(bytes.subarray(0, length));
      bytes = bytes.subarray(length);
    }
    this.#rest = bytes;
    return frames;
  }
}

/** The length that stands at `at` as a 32-bit integer, and `more` bytes that it does not count. */
export function lengthAt(at: number, more: number): (bytes: Buffer) => number | undefined {
  return (bytes) => (bytes.length < at + 4 ? undefined : bytes.readUInt32BE(at) + more);
}
