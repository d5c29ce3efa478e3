/** What is looked at while a body comes in: its encoding, whether there is room for it, and whether it is text. */
import { isUtf8 } from 'node:buffer';
import { finished, Readable, Transform, type TransformCallback } from 'node:stream';
import { DomainError } from '@roofshot/runtime/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { decodeBody, encodingOf } from './decode-body.ts';
import { endWhenSilent } from './end-silent-body.ts';
import type { EventRouteNeeds } from './event-route-needs.ts';
import { BATCHED, mediaTypeOf, NDJSON, STRUCTURED } from './read-events.ts';

/** A request whose body comes in. */
export interface Arrival {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly payload: Readable;
}

/** How long a body may be, unpacked, and what is said of a longer one. */
export interface Most {
  readonly bytes: number;
  readonly refusal: () => DomainError;
}

/** Bytes. */
const SMALL = 128 * 1024;
/** Media types whose bodies are read whole before anybody looks at them, by `textOf`. */
const WHOLE: ReadonlySet<string> = new Set([STRUCTURED, BATCHED]);

/**
 * Takes room for the request until its answer has left; answers what is to be read in place of its payload. Lines are read in constant
 * memory and looked at one by one.
 */
export function guardBody(
  { inFlight, line }: Pick<EventRouteNeeds, 'inFlight' | 'line'>,
  { request: { headers }, reply, payload }: Arrival,
  most: Most | undefined,
): Readable {
  const encoding = encodingOf(headers);
  const decoded = encoding === undefined ? payload : decodeBody(payload, encoding);
  const body = most === undefined ? decoded : Readable.from(readAtMost(decoded, most), { objectMode: false });
  const mediaType = mediaTypeOf(headers);
  if (mediaType === NDJSON) return body;
  line.refuseWhenLate();
  const heard = endWhenSilent(payload);
  // What a request says of its length is not believed: who sends it slowly, or never, must not keep the room from others.
  const held = inFlight.take();
  const length = encoding === undefined ? Number(headers['content-length'] ?? Infinity) : Infinity;
  if (WHOLE.has(mediaType) && length <= Math.min(SMALL, most?.bytes ?? Infinity)) {
    payload.on('data', (chunk: Buffer) => {
      held.add(chunk.length);
      heard();
    });
    reply.raw.once('close', () => held.release());
    return payload; // half of the cost of a small request would be the gate
  }
  const gate = new BodyGate(
    (bytes) => {
      held.grow(bytes);
      heard();
    },
    encoding === undefined ? undefined : payload,
  );
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

/** The text of a whole body. Throws `invalid` where it is none. */
export function textOf(body: Buffer): string {
  if (!isUtf8(body)) throw notUtf8();
  return body.toString('utf8');
}

function notUtf8(reason?: string): DomainError {
  const message = 'The body is not UTF-8, so its characters cannot be told. Nothing of the request was taken: encode it and send it again.';
  return new DomainError('invalid', message, reason === undefined ? {} : { reason });
}

async function* readAtMost(body: Readable, { bytes: most, refusal }: Most): AsyncGenerator<unknown> {
  let bytes = 0;
  for await (const chunk of body) {
    bytes += (chunk as Buffer).length;
    if (bytes > most) throw refusal();
    yield chunk;
  }
}

/** Lets bytes pass that are UTF-8 and for which there is room. `onBytes` throws where there is none. */
class BodyGate extends Transform {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  readonly #onBytes: (bytes: number) => void;
  /** Fastify compares it with Content-Length; none where the body is not encoded. */
  receivedEncodedLength = 0;

  constructor(onBytes: (bytes: number) => void, encoded: Readable | undefined) {
    super();
    this.#onBytes = onBytes;
    encoded?.on('data', (chunk: Buffer) => (this.receivedEncodedLength += chunk.length));
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    try {
      this.#onBytes(chunk.length);
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
      throw notUtf8((error as Error).message);
    }
  }
}
