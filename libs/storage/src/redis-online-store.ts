import { Redis, type Result } from 'ioredis';
import { newestPerKey } from './online-row.ts';
import type { OnlineKey, OnlineRow, OnlineStore } from './online-store.ts';
import { asRedisFault, refuseUnfit, unusable } from './redis-faults.ts';
import { parseRedisUrl, type RedisAddress } from './redis-url.ts';
import { isOutOfRoom } from './sql-errors.ts';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    putNewest(keys: number, ...keysThenRows: string[]): Result<number, Context>;
  }
}

/**
 * Each key holds `<event time> <known time> <version> <value>`; a tombstone ends after the version. Lua's numbers are exact below 2^53,
 * as the times and versions are.
 */
const PUT_NEWEST = `
local taken = 0
for i, key in ipairs(KEYS) do
  local e, k, v = tonumber(ARGV[i * 4 - 3]), tonumber(ARGV[i * 4 - 2]), tonumber(ARGV[i * 4 - 1])
  local old = redis.call('GET', key)
  local newer = true
  if old then
    local oe, ok, ov = string.match(old, '^(%-?%d+) (%-?%d+) (%-?%d+)')
    oe, ok, ov = tonumber(oe), tonumber(ok), tonumber(ov)
    newer = e > oe or (e == oe and (k > ok or (k == ok and v > ov)))
  end
  if newer then
    redis.call('SET', key, ARGV[i * 4 - 3] .. ' ' .. ARGV[i * 4 - 2] .. ' ' .. ARGV[i * 4 - 1] .. ARGV[i * 4])
    taken = taken + 1
  end
end
return taken`;

/** Redis does nothing else while a script runs: so many rows take it a few milliseconds. */
const ROWS_PER_SCRIPT = 1_000;
const CONNECT_MS = 3_000;
/** Of one that hangs; an answer takes milliseconds. */
const COMMAND_MS = 5_000;
const LONGEST_PAUSE_MS = 1_000;

/** The online store in one Redis (no cluster: a call's keys may lie anywhere). Promises: see OnlineStore. */
export class RedisOnlineStore implements OnlineStore {
  readonly #redis: Redis;
  readonly #prefix: string;
  readonly #server: string;

  private constructor(redis: Redis, prefix: string, server: string) {
    this.#redis = redis;
    this.#prefix = prefix;
    this.#server = server;
  }

  /** Throws a sentence when the URL cannot be read, Redis does not answer, or it does not let this user do what is needed. */
  static async open(url: string, { readsOnly = false }: { readonly readsOnly?: boolean } = {}): Promise<RedisOnlineStore> {
    const address = parseRedisUrl(url);
    const server = `Redis at ${address.host}:${address.port}`;
    const redis = clientOf(address);
    let fault: unknown;
    redis.on('error', (error: unknown) => (fault = error)); // told by the calls that fail because of it
    try {
      await redis.connect();
      await redis.select(address.database); // ioredis goes on in database 0 where there is no such one
      refuseUnfit(await redis.info());
      const store = new RedisOnlineStore(redis, address.prefix, server);
      await store.#prove(readsOnly);
      return store;
    } catch (error) {
      redis.disconnect();
      throw unusable(server, fault ?? error);
    }
  }

  async put(rows: readonly OnlineRow[]): Promise<void> {
    const newest = newestPerKey(rows);
    for (let from = 0; from < newest.length; from += ROWS_PER_SCRIPT) await this.#putSome(newest.slice(from, from + ROWS_PER_SCRIPT));
  }

  async get(keys: readonly OnlineKey[]): Promise<(OnlineRow | undefined)[]> {
    if (keys.length === 0) return [];
    const found = await this.#ask(() => this.#redis.mget(keys.map((key) => this.#keyOf(key))));
    return keys.map((key, i) => rowOf(key, found[i] ?? null));
  }

  async close(): Promise<void> {
    if (this.#redis.status === 'ready') await this.#redis.quit();
    else this.#redis.disconnect();
  }

  /** Does once what the store does, so that a missing right is told now. One that is full may be read from. */
  async #prove(readsOnly: boolean): Promise<void> {
    const nobodys = { view: '', entity: 'opened' };
    await this.get([nobodys]);
    if (readsOnly) return;
    try {
      await this.put([{ ...nobodys, eventTime: Date.now(), knownTime: 0, version: 0, value: null }]);
    } catch (error) {
      if (!isOutOfRoom(error)) throw error;
    }
  }

  async #putSome(rows: readonly OnlineRow[]): Promise<void> {
    const keys = rows.map((row) => this.#keyOf(row));
    const ages = rows.flatMap(({ eventTime, knownTime, version, value }) => [
      String(eventTime),
      String(knownTime),
      String(version),
      value === null ? '' : ` ${value}`,
    ]);
    await this.#ask(() => this.#redis.putNewest(rows.length, ...keys, ...ages));
  }

  /** The view's length keeps views and entities apart that look alike when joined. */
  #keyOf({ view, entity }: OnlineKey): string {
    return `${this.#prefix}${view.length}:${view}:${entity}`;
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await question();
    } catch (error) {
      throw asRedisFault(error, this.#server);
    }
  }
}

function clientOf({ host, port, tls, username, password, database }: RedisAddress): Redis {
  const redis = new Redis({
    host,
    port,
    db: database,
    ...(tls && { tls: {} }),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    lazyConnect: true,
    connectTimeout: CONNECT_MS,
    commandTimeout: COMMAND_MS,
    enableReadyCheck: false, // the first command tells what the check would
    // A question waits for one new connection at most: whoever asks has less patience than Redis takes to come back.
    maxRetriesPerRequest: 1,
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 10), LONGEST_PAUSE_MS),
  });
  redis.defineCommand('putNewest', { lua: PUT_NEWEST });
  return redis;
}

function rowOf({ view, entity }: OnlineKey, text: string | null): OnlineRow | undefined {
  const [, eventTime, knownTime, version, rest] = /^(-?\d+) (-?\d+) (-?\d+)( [^]*)?$/.exec(text ?? '') ?? [];
  if (version === undefined) return undefined;
  return {
    view,
    entity,
    eventTime: Number(eventTime),
    knownTime: Number(knownTime),
    version: Number(version),
    value: rest?.slice(1) ?? null,
  };
}
