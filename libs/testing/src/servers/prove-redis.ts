import { Redis } from 'ioredis';

const CONNECT_MS = 3_000;
const KEY = `roofshot-ready-${process.pid}`;

/** Writes a key by a script, reads it, and removes it. */
export async function proveRedis(url: string): Promise<void> {
  const redis = new Redis(url, {
    lazyConnect: true,
    retryStrategy: null,
    maxRetriesPerRequest: 0,
    connectTimeout: CONNECT_MS,
    disconnectTimeout: 1,
  });
  redis.on('error', () => undefined); // connect() tells it, too
  try {
    await redis.connect();
    await redis.eval("redis.call('SET', KEYS[1], ARGV[1])", 1, KEY, 'ready');
    if ((await redis.get(KEY)) !== 'ready') throw new Error('a key that was written could not be read');
    await redis.del(KEY);
  } finally {
    redis.disconnect();
  }
}
