import { OutboxRows } from './outbox-rows.ts';
import { outboxChannel } from './outbox.ts';
import type { OutboxMessage, SetAsideMessage } from './outbox.ts';
import { isLostConnection } from './sql-errors.ts';
import type { Sql } from './sql.ts';

/** Thrown by `publish`, which may get the others again: these messages can never leave. By their place among those it was given, why. */
export class CannotLeave extends Error {
  override readonly name = 'CannotLeave';
  readonly reasons: ReadonlyMap<number, string>;

  constructor(reasons: ReadonlyMap<number, string>) {
    super([...reasons.values()].join(' '));
    this.reasons = reasons;
  }
}

/** Thrown by `publish` where it knows: all but these were acknowledged. By their place among those it was given, why. */
export class PartlyPublished extends Error {
  override readonly name = 'PartlyPublished';
  readonly failures: ReadonlyMap<number, unknown>;

  constructor(failures: ReadonlyMap<number, unknown>) {
    const [first] = failures.values();
    super(first instanceof Error ? first.message : String(first), { cause: first });
    this.failures = failures;
  }
}

export interface OutboxRelayOptions {
  sql: Sql;
  /** The service's own schema. */
  schema: string;
  /**
   * Publishes messages, never none, each shard's in their order, and resolves when the broker has acknowledged all. It may get the same
   * ones again, in smaller parts. Never called while it runs.
   */
  publish: (messages: readonly OutboxMessage[]) => Promise<void>;
  /** Hears a failed publish or database; the relay goes on by itself with growing pauses. `destination`: what refuses, where it is only one. */
  onError: (error: unknown, destination?: string) => void;
  /** Hears what was set aside, after the commit. */
  onSetAside: (messages: readonly SetAsideMessage[]) => void;
  /** Most messages of a shard in one publish; default 500. */
  batchSize?: number;
  /** How often it looks without being woken; default 1,000. Only a fall-back, for notifications lost with a connection. */
  pollMs?: number;
}

const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 10_000;
/** While all wait: a server that is back is to be noticed soon. */
const LONGEST_AWAY_MS = 2_000;
/** Another relay has a shard, and has perhaps looked before a message came into it. */
const OTHERS_MS = 50;

/** What stands for all destinations, while the broker itself is away, or the database. */
const BROKER = Symbol('the broker');
type Place = string | typeof BROKER;

interface Pause {
  readonly failures: number;
  readonly until: number;
  readonly error: unknown;
}

/** What became of messages that were to be published. */
interface Sent {
  readonly gone: readonly OutboxMessage[];
  readonly aside: readonly (SetAsideMessage & { readonly id: number })[];
  /** Packs, by their ids, that hold something that can never leave. */
  readonly mixed: readonly number[];
  readonly failures: ReadonlyMap<Place, unknown>;
}

/** One look at the outbox. */
interface Carried extends Omit<Sent, 'gone' | 'mixed'> {
  /** There is more to carry at once. */
  readonly more: boolean;
  /** Another relay has some of the shards. */
  readonly others: boolean;
}

const NOTHING: Carried = { more: false, others: false, aside: [], failures: new Map() };

/**
 * Carries messages from the outbox to a broker: each shard strictly in order, by one relay at a time, and deleted only after the
 * acknowledgement. Any number of relays may run; a shard's relay is whoever holds the shard's lock, which PostgreSQL frees with a
 * killed relay's connection. After a crash between publish and delete the same messages go out again with the same ids and numbers.
 * A destination that refuses waits with growing pauses and is then tried by itself; messages to others go on. While the broker is
 * away, all wait. What can never leave is set aside.
 */
export class OutboxRelay {
  readonly #options: Required<OutboxRelayOptions>;
  readonly #rows: OutboxRows;
  readonly #stop = new AbortController();
  readonly #pauses = new Map<Place, Pause>();
  #wake: () => void = () => undefined;
  #woken = false;
  #running: Promise<void> | undefined;
  #unlisten: (() => Promise<void>) | undefined;

  constructor(options: OutboxRelayOptions) {
    this.#options = { batchSize: 500, pollMs: 1_000, ...options };
    this.#rows = new OutboxRows(options.schema);
  }

  /** Begins to carry; resolves when it hears the outbox. */
  async start(): Promise<void> {
    this.#unlisten = await this.#options.sql.listen(outboxChannel(this.#options.schema), () => this.wake());
    this.#running = this.#run();
  }

  /** Looks at once, for callers in the same process that know of a commit. */
  wake(): void {
    this.#woken = true;
    this.#wake();
  }

  /** What keeps messages from leaving, by destination; undefined: all of them. */
  get refusals(): readonly { readonly destination: string | undefined; readonly error: unknown }[] {
    return [...this.#pauses].map(([place, { error }]) => ({ destination: place === BROKER ? undefined : place, error }));
  }

  /** Carries what was committed before the call, except what another relay is carrying. Throws the first failure, after trying all destinations. */
  async flush(): Promise<void> {
    const failures = new Map<Place, unknown>();
    for (let more = true; more && !failures.has(BROKER);) {
      const carried = await this.#carry([...failures.keys()].filter((place) => place !== BROKER));
      for (const [place, failure] of carried.failures) failures.set(place, failure);
      ({ more } = carried);
    }
    const [first] = failures.values();
    if (failures.size > 0) throw first;
  }

  /** Ends after the batch that is under way. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#wake();
    await this.#unlisten?.();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.#woken = false;
      const carried = await this.#look();
      if (!carried.more) await this.#rest(carried.others ? OTHERS_MS : this.#options.pollMs);
    }
  }

  async #look(): Promise<Carried> {
    const paused = this.#paused();
    if (paused.includes(BROKER)) return NOTHING;
    const carried = await this.#carry(paused.filter((place) => place !== BROKER)).catch(
      (error: unknown): Carried => ({ ...NOTHING, failures: new Map([[BROKER, failureOf(error)]]) }), // the database is away
    );
    this.#note(carried, paused);
    return carried;
  }

  #paused(): Place[] {
    const now = Date.now();
    return [...this.#pauses].filter(([, { until }]) => until > now).map(([place]) => place);
  }

  /** A pause that is over and was not begun again is forgotten. */
  #note({ failures }: Carried, paused: readonly Place[]): void {
    for (const place of this.#pauses.keys()) if (!paused.includes(place) && !failures.has(place)) this.#pauses.delete(place);
    for (const [place, error] of failures) {
      const count = (this.#pauses.get(place)?.failures ?? 0) + 1;
      const longest = place === BROKER ? LONGEST_AWAY_MS : LONGEST_BACKOFF_MS;
      const until = Date.now() + Math.min(FIRST_BACKOFF_MS * 2 ** (count - 1), longest);
      this.#pauses.set(place, { failures: count, until, error });
      this.#options.onError(error, place === BROKER ? undefined : place);
    }
  }

  /** Until the next look, the end of the first pause, a wake-up or the stop, whichever comes first; while the broker is away, nobody wakes it. */
  async #rest(ms: number): Promise<void> {
    const away = this.#pauses.get(BROKER);
    if ((this.#woken && away === undefined) || this.#stop.signal.aborted) return;
    const woken = Promise.withResolvers<void>();
    this.#wake = () => {
      if (away === undefined || this.#stop.signal.aborted) woken.resolve();
    };
    const now = Date.now();
    const ends = (away === undefined ? [...this.#pauses.values()] : [away]).map(({ until }) => Math.max(until - now, 0));
    const timer = setTimeout(woken.resolve, Math.min(away === undefined ? ms : Infinity, ...ends));
    await woken.promise;
    clearTimeout(timer);
    this.#wake = () => undefined;
  }

  /**
   * Sends one batch of each shard, and numbers the next. What is sent was numbered by an earlier transaction, so that whoever sends it
   * again, after a crash of this relay, does so in the same order and under the same numbers.
   */
  async #carry(paused: readonly string[]): Promise<Carried> {
    const { sql, batchSize: limit, onSetAside } = this.#options;
    const carried = await sql.transaction(async (tx): Promise<Carried> => {
      const { mine, others } = await this.#rows.lock(tx);
      if (mine.length === 0) return { ...NOTHING, others };
      const messages = await this.#rows.numbered(tx, mine, { paused, limit });
      const { gone, aside, mixed, failures } = await this.#publish(messages);
      await this.#rows.remove(tx, gone);
      await this.#rows.setAside(tx, aside);
      await this.#rows.unpack(tx, mixed);
      const refused = [...failures.keys()].filter((place) => place !== BROKER);
      const numbered = failures.has(BROKER) ? 0 : await this.#rows.number(tx, mine, { paused: [...paused, ...refused], limit });
      const rest = numbered > 0 || aside.length > 0 || mixed.length > 0 || (gone.length > 0 && messages.some(({ isLast }) => isLast));
      return { more: rest && !failures.has(BROKER), others, aside, failures };
    });
    if (carried.aside.length > 0) onSetAside(carried.aside);
    return carried;
  }

  /** All together; those that were refused lately each by themselves, so that the others do not go out again for their sake. */
  async #publish(messages: readonly OutboxMessage[]): Promise<Sent> {
    const { healthy = [], refused = [] } = Object.groupBy(messages, ({ destination }) =>
      this.#pauses.has(destination) ? 'refused' : 'healthy',
    );
    const sent = [await this.#send(healthy)];
    for (const own of Map.groupBy(refused, ({ destination }) => destination).values()) {
      if (sent.some(({ failures }) => failures.has(BROKER))) break;
      sent.push(await this.#send(own));
    }
    return together(sent);
  }

  async #send(messages: readonly OutboxMessage[]): Promise<Sent> {
    if (messages.length === 0) return together([]);
    try {
      await this.#options.publish(messages);
      return { ...together([]), gone: messages };
    } catch (error) {
      return this.#blame(messages, error);
    }
  }

  /** Who is it that refuses? Each destination is asked by itself; where there is only one, it is that. */
  async #blame(messages: readonly OutboxMessage[], error: unknown): Promise<Sent> {
    if (error instanceof CannotLeave) return neverSent(messages, error);
    if (error instanceof PartlyPublished) return partlySent(messages, error);
    if (isLostConnection(error)) return { ...together([]), failures: new Map([[BROKER, failureOf(error)]]) };
    const destinations = [...Map.groupBy(messages, ({ destination }) => destination)];
    const [first] = destinations;
    if (first !== undefined && destinations.length === 1)
      return { ...together([]), failures: new Map<Place, unknown>([[first[0], failureOf(error)]]) };
    const sent: Sent[] = [];
    for (const [, own] of destinations) {
      sent.push(await this.#send(own));
      if (sent.at(-1)?.failures.has(BROKER) === true) break;
    }
    return together(sent);
  }
}

function neverSent(messages: readonly OutboxMessage[], error: CannotLeave): Sent {
  const named = [...error.reasons].flatMap(([index, reason]) => {
    const message = messages[index];
    return message === undefined ? [] : [{ message, reason }];
  });
  const { single = [], pack = [] } = Object.groupBy(named, ({ message }) => (message.size === 1 ? 'single' : 'pack'));
  return {
    gone: [],
    aside: single.map(({ message: { id, messageId }, reason }) => ({ id, messageId, reason })),
    mixed: pack.map(({ message }) => message.id),
    failures: new Map(named.length === 0 ? [[BROKER, error]] : []),
  };
}

function partlySent(messages: readonly OutboxMessage[], { failures }: PartlyPublished): Sent {
  const refused = [...failures].map(([index, error]): [Place, unknown] => {
    const { destination } = messages[index] ?? {};
    return [destination === undefined || isLostConnection(error) ? BROKER : destination, failureOf(error)];
  });
  return { ...together([]), gone: messages.filter((_, index) => !failures.has(index)), failures: new Map(refused) };
}

function together(sent: readonly Sent[]): Sent {
  return {
    gone: sent.flatMap(({ gone }) => gone),
    aside: sent.flatMap(({ aside }) => aside),
    mixed: sent.flatMap(({ mixed }) => mixed),
    failures: new Map(sent.flatMap(({ failures }) => [...failures])),
  };
}

/** A promise may be rejected with nothing, which is a failure all the same. */
const failureOf = (reason: unknown): unknown => reason ?? new Error('The messages could not be published, and nobody said why.');
