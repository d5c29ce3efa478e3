import { Redis, type Result } from 'ioredis';
import { MARK, markRow, newestPerKey, NOBODYS } from './online-row.ts';
import { OtherStore, type OnlineIdentity, type OnlineKey, type OnlineRow, type OnlineStore } from './online-store.ts';
import { asRedisFault, refuseUnfit, unusable } from './redis-faults.ts';
import { parseRedisUrl, type RedisAddress } from './redis-url.ts';
import { isOutOfRoom } from './sql-errors.ts';
import { StoreWatch, type StoreWatchOptions, type Way } from './store-watch.ts';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    putNewest(keys: number, ...keysThenRows: string[]): Result<number, Context>;
    identify(key: string, fresh: string): Result<[string, string], Context>;
  }
}

/** In one script with what depends on it, because Redis may be emptied or started again between any two commands. */
const RUN = `string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')`;
const IDENTIFY = `
redis.call('SET', KEYS[1], ARGV[1], 'NX')
return { redis.call('GET', KEYS[1]), ${RUN} }`;

/**
 * The last key is the mark's; the last two arguments are what it must hold (nothing: anything) and the run. Each other key holds `<event time> <known time> <version> <value>`; a tombstone ends after the version, and one that is being forgotten is empty. Lua's numbers are exact below 2^53,
 * as the times and versions are.
 */
const PUT_NEWEST = `
local rows = #KEYS - 1
local mark = ARGV[rows * 4 + 1]
if mark ~= '' and (redis.call('GET', KEYS[rows + 1]) ~= mark or ${RUN} ~= ARGV[rows * 4 + 2]) then return -1 end
local taken = 0
for i = 1, rows do
  local key = KEYS[i]
  local e, k, v = tonumber(ARGV[i * 4 - 3]), tonumber(ARGV[i * 4 - 2]), tonumber(ARGV[i * 4 - 1])
  local old = redis.call('GET', key)
  local newer = true
  if old and old ~= '' then
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
/** One that nobody asks is looked at so often: an answer costs it next to nothing. */
const LOOK_MS = 2_000;

export interface RedisOnlineStoreOptions {
  readonly readsOnly?: boolean | undefined;
  readonly onTrouble?: StoreWatchOptions['onTrouble'];
}

/** The online store in one Redis (no cluster: a call's keys may lie anywhere). Promises: see OnlineStore. */
export class RedisOnlineStore implements OnlineStore {
  readonly #redis: Redis;
  readonly #prefix: string;
  readonly #server: string;
  readonly #watch: StoreWatch;
  /** Why there was no connection, since there was one. */
  #fault: unknown;

  private constructor(redis: Redis, { prefix, host, port }: RedisAddress, onTrouble: RedisOnlineStoreOptions['onTrouble']) {
    this.#redis = redis;
    this.#prefix = prefix;
    this.#server = `Redis at ${host}:${port}`;
    this.#watch = new StoreWatch({ look: (way) => this.#look(way), lookMs: LOOK_MS, onTrouble });
    redis.on('error', (error: unknown) => (this.#fault = error)); // told by the calls that fail because of it
    redis.on('ready', () => (this.#fault = undefined));
  }

  /** Throws a sentence when the URL cannot be read, Redis does not answer, or it does not let this user do what is needed. */
  static async open(url: string, { readsOnly = false, onTrouble }: RedisOnlineStoreOptions = {}): Promise<RedisOnlineStore> {
    const address = parseRedisUrl(url);
    const redis = clientOf(address);
    const store = new RedisOnlineStore(redis, address, onTrouble);
    try {
      await redis.connect();
      await redis.select(address.database); // ioredis goes on in database 0 where there is no such one
      refuseUnfit(await redis.info());
      await store.#prove(readsOnly);
      store.#watch.start();
      return store;
    } catch (error) {
      redis.disconnect();
      throw unusable(store.#server, store.#fault ?? error);
    }
  }

  async put(rows: readonly OnlineRow[], during?: OnlineIdentity): Promise<void> {
    const newest = newestPerKey(rows);
    for (let from = 0; from < newest.length; from += ROWS_PER_SCRIPT)
      await this.#putSome(newest.slice(from, from + ROWS_PER_SCRIPT), during);
  }

  async identify(fresh: string): Promise<OnlineIdentity> {
    const [held, run] = await this.#ask('write', () => this.#redis.identify(this.#keyOf(MARK), textOf(markRow(fresh))));
    return { mark: JSON.parse(rowOf(MARK, held)?.value ?? '""') as string, run };
  }

  async get(keys: readonly OnlineKey[]): Promise<(OnlineRow | undefined)[]> {
    if (keys.length === 0) return [];
    const found = await this.#ask('read', () => this.#redis.mget(keys.map((key) => this.#keyOf(key))));
    return keys.map((key, i) => rowOf(key, found[i] ?? null));
  }

  async forget(keys: readonly OnlineKey[]): Promise<void> {
    if (keys.length === 0) return;
    // An empty text that is gone in a millisecond: DEL would be one more right that every user of the store had to be given.
    await this.#ask('write', () => Promise.all(keys.map((key) => this.#redis.set(this.#keyOf(key), '', 'PX', 1))));
  }

  waitingFor(): readonly string[] {
    return this.#watch.waitingFor();
  }

  async close(): Promise<void> {
    await Promise.all([this.#watch.close(), this.#disconnect()]);
  }

  async #disconnect(): Promise<void> {
    if (this.#redis.status === 'ready') await this.#redis.quit();
    else this.#redis.disconnect();
  }

  /** Does once what the store does, so that a missing right is told now. One that is full may be read from. */
  async #prove(readsOnly: boolean): Promise<void> {
    await this.#look('read');
    if (readsOnly) return;
    try {
      await this.#look('write');
    } catch (error) {
      if (!isOutOfRoom(error)) throw error;
    }
  }

  async #look(way: Way): Promise<void> {
    if (way === 'read') await this.get([NOBODYS]);
    else await this.put([{ ...NOBODYS, eventTime: Date.now(), knownTime: 0, version: 0, value: null }]);
  }

  async #putSome(rows: readonly OnlineRow[], during?: OnlineIdentity): Promise<void> {
    const keys = [...rows, MARK].map((key) => this.#keyOf(key));
    const ages = rows.flatMap(({ eventTime, knownTime, version, value }) => [
      String(eventTime),
      String(knownTime),
      String(version),
      value === null ? '' : ` ${value}`,
    ]);
    const condition = during === undefined ? ['', ''] : [textOf(markRow(during.mark)), during.run];
    const taken = await this.#ask('write', () => this.#redis.putNewest(keys.length, ...keys, ...ages, ...condition));
    if (taken < 0) throw new OtherStore();
  }

  /** The view's length keeps views and entities apart that look alike when joined. */
  #keyOf({ view, entity }: OnlineKey): string {
    return `${this.#prefix}${view.length}:${view}:${entity}`;
  }

  #ask<T>(way: Way, question: () => Promise<T>): Promise<T> {
    return this.#watch.hear(way, async () => {
      try {
        return await question();
      } catch (error) {
        throw asRedisFault(isForWantOfConnection(error) ? (this.#fault ?? error) : error, this.#server);
      }
    });
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
  redis.defineCommand('identify', { lua: IDENTIFY, numberOfKeys: 1 });
  return redis;
}

/** ioredis says then how often it has tried, and not why in vain. */
const isForWantOfConnection = (error: unknown): boolean => error instanceof Error && error.name === 'MaxRetriesPerRequestError';

function textOf({ eventTime, knownTime, version, value }: OnlineRow): string {
  return `${eventTime} ${knownTime} ${version} ${value}`;
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
