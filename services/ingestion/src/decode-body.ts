/** Bodies that come compressed (RFC 9110, Content-Encoding). */
import type { IncomingHttpHeaders } from 'node:http';
import { finished, Readable, type Duplex } from 'node:stream';
import { createBrotliDecompress, createGunzip } from 'node:zlib';
import { DomainError } from '@roofshot/runtime/errors';

const DECODERS: Readonly<Record<string, () => Duplex>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip, // RFC 9110 §8.4.1.3: the same
  br: createBrotliDecompress,
};

/** Codes of zlib's and Brotli's own errors. */
const BROKEN = /^(Z_|ERR__|ERR_PADDING|ERR_BROTLI)/;

/** What a sender may use, for `Accept-Encoding` in answers. */
export const TAKEN_ENCODINGS = 'gzip, br';

/** In lower case; undefined where the body comes as it is. Throws `unsupported-media-type`. */
export function encodingOf(headers: IncomingHttpHeaders): string | undefined {
  const encoding = (headers['content-encoding'] ?? '').trim().toLowerCase();
  if (encoding === '' || encoding === 'identity') return undefined;
  if (encoding in DECODERS) return encoding;
  const message = `Content-Encoding ${encoding} is not taken. Nothing of the request was taken: send it with one of ${TAKEN_ENCODINGS}, or as it is.`;
  throw new DomainError('unsupported-media-type', message);
}

/** The body behind its encoding. A broken one ends with `invalid`. */
export function decodeBody(payload: Readable, encoding: string): Readable {
  const decoder = (DECODERS[encoding] ?? createGunzip)();
  finished(payload, (error) => {
    if (error != null) decoder.destroy(error);
  });
  payload.pipe(decoder);
  return Readable.from(readDecoded(decoder, encoding), { objectMode: false });
}

async function* readDecoded(decoder: Duplex, encoding: string): AsyncGenerator<unknown> {
  try {
    yield* decoder;
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (!BROKEN.test(code)) throw error;
    throw new DomainError('invalid', `The body cannot be read as ${encoding}: ${message}. Compress it again, or send it as it is.`);
  }
}
