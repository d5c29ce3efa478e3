/** What is looked at while a body comes in: its encoding, whether there is room for it, and whether it is text. */
import { finished, Readable, Transform, type TransformCallback } from 'node:stream';
import { DomainError } from '@roofshot/runtime/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { decodeBody, encodingOf } from './decode-body.ts';
import type { Held, InFlight } from './in-flight.ts';
import { mediaTypeOf, NDJSON } from './read-events.ts';

/**
 * Takes room for the request until its answer has left; answers what is to be read in place of `payload`. Lines are read in constant
 * memory and looked at one by one.
 */
export function guardBody(inFlight: InFlight, { headers, writeKey }: FastifyRequest, reply: FastifyReply, payload: Readable): Readable {
  const encoding = encodingOf(headers);
  const limit = writeKey?.maxBodyBytes;
  const decoded = encoding === undefined ? payload : decodeBody(payload, encoding);
  const body = limit === undefined ? decoded : Readable.from(readAtMost(decoded, limit), { objectMode: false });
  if (mediaTypeOf(headers) === NDJSON) return body;
  const length = encoding === undefined ? headers['content-length'] : undefined;
  const held = inFlight.take(Number(length ?? 0));
  const gate = new BodyGate(length === undefined ? held : undefined, encoding === undefined ? undefined : payload);
  reply.raw.once('close', () => {
    held.release();
    body.unpipe(gate).resume(); // what nobody wanted to read must not stand before the next request
  });
  gate.once('error', () => body.resume());
  finished(body, (error) => {
    if (error != null) gate.destroy(error);
  });
  return body.pipe(gate);
}

/** Of a body whose length was said, the key's limit has been looked at before. */
async function* readAtMost(body: Readable, limit: number): AsyncGenerator<unknown> {
  let bytes = 0;
  for await (const chunk of body) {
    bytes += (chunk as Buffer).length;
    if (bytes > limit)
      throw new DomainError('too-large', `The write key takes bodies of at most ${limit} bytes, and this one is longer. Send it in parts.`);
    yield chunk;
  }
}

/** Lets bytes pass that are UTF-8; where their number was not said, they take their room as they come. */
class BodyGate extends Transform {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  readonly #held: Held | undefined;
  /** Fastify compares it with Content-Length; none where the body is not encoded. */
  receivedEncodedLength = 0;

  constructor(held: Held | undefined, encoded: Readable | undefined) {
    super();
    this.#held = held;
    encoded?.on('data', (chunk: Buffer) => (this.receivedEncodedLength += chunk.length));
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    try {
      this.#held?.grow(chunk.length);
      this.#refuseOther(chunk);
    } catch (error) {
      return done(error as Error);
    }
    return done(null, chunk);
  }

  override _flush(done: TransformCallback): void {
    try {
      this.#refuseOther(); // its last character may be cut
    } catch (error) {
      return done(error as Error);
    }
    return done();
  }

  #refuseOther(chunk?: Buffer): void {
    try {
      this.#decoder.decode(chunk, { stream: chunk !== undefined });
    } catch (error) {
      const message =
        'The body is not UTF-8, so its characters cannot be told. Nothing of the request was taken: encode it and send it again.';
      throw new DomainError('invalid', message, { reason: (error as Error).message });
    }
  }
}
