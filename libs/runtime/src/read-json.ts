import type { IncomingMessage } from 'node:http';
import { DomainError } from './errors.ts';

const MOST_BYTES = 1024 * 1024;

/** The JSON of a request's body, undefined where it has none. Throws `invalid` or `too-large`. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new DomainError('too-large', `The body is larger than ${MOST_BYTES} bytes. Send it in smaller parts.`);
    chunks.push(chunk);
  }
  if (bytes === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString()) as unknown;
  } catch (error) {
    throw new DomainError(
      'invalid',
      `The body is no JSON: ${error instanceof Error ? error.message : String(error)}. Send JSON as application/json.`,
      {
        faults: [{ path: '', message: 'must be JSON' }],
      },
    );
  }
}
