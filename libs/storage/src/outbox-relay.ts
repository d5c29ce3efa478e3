import { OutboxRows } from './outbox-rows.ts';
import { outboxChannel } from './outbox.ts';
import type { OutboxMessage, SetAsideMessage } from './outbox.ts';
import type { Queryable, Sql } from './sql.ts';

/** Thrown by `publish`, which has sent nothing or may send the others again: these messages can never leave. By their sequence, why. */
export class CannotLeave extends Error {
  override readonly name = 'CannotLeave';
  readonly reasons: ReadonlyMap<number, string>;

  constructor(reasons: ReadonlyMap<number, string>) {
    super([...reasons.values()].join(' '));
    this.reasons = reasons;
  }
}

export interface OutboxRelayOptions {
  sql: Sql;
  /** The service's own schema. */
  schema: string;
  /**
   * Publishes one shard's messages, never none, in their order and resolves when the broker has acknowledged all. It may get the same
   * ones again. Called for several shards at once.
   */
  publish: (messages: readonly OutboxMessage[]) => Promise<void>;
  /** Hears a failed publish or database; the relay goes on by itself with growing pauses. */
  onError: (error: unknown) => void;
  /** Hears what was set aside, after the commit. */
  onSetAside: (messages: readonly SetAsideMessage[]) => void;
  /** Most messages of a shard in one publish; default 500. */
  batchSize?: number;
  /** How often it looks without being woken; default 1,000. Only a fall-back, for notifications lost with a connection. */
  pollMs?: number;
}

const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 10_000;
/** Another relay has a shard, and has perhaps looked before a message came into it. */
const OTHERS_MS = 50;

interface Pause {
  readonly failures: number;
  readonly until: number;
}

/** One look at the outbox. */
interface Carried {
  /** There is more to carry at once. */
  readonly more: boolean;
  /** Another relay has some of the shards. */
  readonly others: boolean;
  readonly failures: ReadonlyMap<number, unknown>;
}

/** What became of one shard's batch. */
interface Sent {
  readonly messages: readonly OutboxMessage[];
  readonly failure: unknown;
}

/**
 * Carries messages from the outbox to a broker: each shard strictly in order, by one relay at a time, and deleted only after the
 * acknowledgement. Any number of relays may run; a shard's relay is whoever holds the shard's lock, which PostgreSQL frees with a
 * killed relay's connection. After a crash between publish and delete the same messages go out again with the same ids and numbers.
 * A shard whose publish fails waits with growing pauses; the other shards go on. What can never leave is set aside, so that the shard goes on.
 */
export class OutboxRelay {
  readonly #options: Required<OutboxRelayOptions>;
  readonly #rows: OutboxRows;
  readonly #stop = new AbortController();
  readonly #pauses = new Map<number, Pause>();
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

  /** Carries what was committed before the call, except what another relay is carrying. Throws the first failure, after trying every shard. */
  async flush(): Promise<void> {
    const failures = new Map<number, unknown>();
    for (let more = true; more;) {
      const carried = await this.#carry([...failures.keys()]);
      for (const [shard, failure] of carried.failures) failures.set(shard, failure);
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
      let others = false;
      try {
        const carried = await this.#carry(this.#paused());
        this.#note(carried);
        if (carried.more) continue;
        ({ others } = carried);
      } catch (error) {
        this.#options.onError(error);
      }
      await this.#rest(others ? OTHERS_MS : this.#options.pollMs);
    }
  }

  #paused(): number[] {
    const now = Date.now();
    return [...this.#pauses].filter(([, { until }]) => until > now).map(([shard]) => shard);
  }

  #note({ failures }: Carried): void {
    const now = Date.now();
    for (const [shard, { until }] of this.#pauses) if (until <= now && !failures.has(shard)) this.#pauses.delete(shard);
    for (const [shard, failure] of failures) {
      const count = (this.#pauses.get(shard)?.failures ?? 0) + 1;
      this.#pauses.set(shard, { failures: count, until: now + Math.min(FIRST_BACKOFF_MS * 2 ** (count - 1), LONGEST_BACKOFF_MS) });
      this.#options.onError(failure);
    }
  }

  /** Until the next look, the end of the first pause, a wake-up or the stop, whichever comes first. */
  async #rest(ms: number): Promise<void> {
    if (this.#woken || this.#stop.signal.aborted) return;
    const woken = Promise.withResolvers<void>();
    this.#wake = woken.resolve;
    const untilPauseEnds = Math.min(...[...this.#pauses.values()].map(({ until }) => Math.max(until - Date.now(), 0)));
    const timer = setTimeout(woken.resolve, Math.min(ms, untilPauseEnds));
    await woken.promise;
    clearTimeout(timer);
    this.#wake = () => undefined;
  }

  /**
   * Sends one batch of each shard, and numbers the next. What is sent was numbered by an earlier transaction, so that whoever sends it
   * again, after a crash of this relay, does so in the same order and under the same numbers.
   */
  async #carry(except: readonly number[]): Promise<Carried> {
    const { sql, batchSize, onSetAside } = this.#options;
    const aside: SetAsideMessage[] = [];
    const carried = await sql.transaction(async (tx): Promise<Carried> => {
      aside.length = 0;
      const { mine, others } = await this.#rows.lock(tx, except);
      if (mine.length === 0) return { more: false, others, failures: new Map() };
      const sent = await this.#publish(await this.#rows.numbered(tx, mine, batchSize));
      const failures = new Map<number, unknown>();
      for (const [shard, { messages, failure }] of sent) {
        if (failure instanceof CannotLeave) aside.push(...(await this.#setAside(tx, messages, failure)));
        else if (failure !== undefined) failures.set(shard, failure);
      }
      await this.#rows.remove(
        tx,
        [...sent.values()].flatMap(({ messages, failure }) => (failure === undefined ? messages : [])),
      );
      const going = mine.filter((shard) => !failures.has(shard));
      const numbered = going.length === 0 ? 0 : await this.#rows.number(tx, going, batchSize);
      const rest =
        aside.length > 0 || [...sent.values()].some(({ messages, failure }) => failure === undefined && messages.length === batchSize);
      return { more: numbered > 0 || rest, others, failures };
    });
    if (aside.length > 0) onSetAside(aside);
    return carried;
  }

  async #publish(messages: readonly OutboxMessage[]): Promise<Map<number, Sent>> {
    const shards = [...Map.groupBy(messages, ({ shard }) => shard)];
    const settled = await Promise.allSettled(shards.map(([, own]) => this.#options.publish(own)));
    return new Map(
      shards.map(([shard, own], index) => {
        const outcome = settled[index];
        return [shard, { messages: own, failure: outcome?.status === 'rejected' ? failureOf(outcome.reason) : undefined }];
      }),
    );
  }

  async #setAside(tx: Queryable, messages: readonly OutboxMessage[], failure: CannotLeave): Promise<SetAsideMessage[]> {
    const aside = await this.#rows.setAside(tx, messages, failure.reasons);
    if (aside.length === 0) throw failure; // it named others than it was given
    return aside;
  }
}

/** A promise may be rejected with nothing, which is a failure all the same. */
const failureOf = (reason: unknown): unknown => reason ?? new Error('The messages could not be published, and nobody said why.');
