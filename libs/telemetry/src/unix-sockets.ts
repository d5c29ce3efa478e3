import { createRequire } from 'node:module';

/**
 * hot-shots needs a native package for Unix datagram sockets and tells of its absence only as one error per packet; a set-up that
 * can never work must stop the start. Loaded, not only looked up: npm may have compiled it for another Node.
 * Answers why it cannot be loaded; undefined when it can.
 */
export function unixSocketFault(): string | undefined {
  const require = createRequire(import.meta.url);
  try {
    createRequire(require.resolve('hot-shots'))('unix-dgram');
    return undefined;
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause);
  }
}
