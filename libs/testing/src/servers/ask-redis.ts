import { Redis } from 'ioredis';

/** Sends one command, in Redis' own words, as whom the URL says. */
export async function askRedis(url: string, command: string, ...args: readonly string[]): Promise<unknown> {
  const redis = new Redis(url);
  try {
    return await redis.call(command, ...args);
  } finally {
    redis.disconnect();
  }
}
