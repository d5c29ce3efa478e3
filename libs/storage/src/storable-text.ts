import { createHash } from 'node:crypto';

/** PostgreSQL refuses index entries above 2,704 bytes; one may hold two names beside the key. */
const MAX_KEY_BYTES = 1_500;

/** Text as PostgreSQL takes it, which cannot hold U+0000: the character is shown as `\u0000`. Applied again, it changes nothing. */
export function storableText(text: string): string {
  return text.includes('\0') ? text.replaceAll('\0', '\\u0000') : text;
}

/**
 * A key as rows can be found by it: storable, and short enough for an index. A longer one is cut and ends with a digest of the whole.
 * Applied again, it changes nothing; so what a list shows finds the same rows.
 */
export function storableKey(key: string): string {
  const text = storableText(key);
  const bytes = Buffer.from(text);
  if (bytes.length <= MAX_KEY_BYTES) return text;
  const digest = createHash('sha256').update(bytes).digest('hex');
  return `${bytes.toString('utf8', 0, MAX_KEY_BYTES / 2).replace(/\uFFFD+$/, '')}… (${bytes.length} bytes, sha256 ${digest})`;
}
