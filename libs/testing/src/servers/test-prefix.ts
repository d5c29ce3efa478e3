import { randomBytes } from 'node:crypto';

/**
 * A name of this test file's own, for what it makes on servers that other tests use at the same time: `testPrefix() + 'orders'` is a
 * topic, queue, key, index, schema or bucket that nobody else has. Small letters, digits and hyphens, 17 characters, a letter first and
 * a hyphen last.
 */
export function testPrefix(): string {
  return `t-${Date.now().toString(36).slice(-6)}${randomBytes(4).toString('hex')}-`;
}
