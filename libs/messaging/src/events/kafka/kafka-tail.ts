import type { Logger } from '@roofshot/telemetry/logger';
import { backOffMs, pause } from '../../back-off.ts';
import type { KafkaCluster } from './kafka-cluster.ts';
import type { KafkaIndex } from './kafka-index.ts';

/** How long a broker holds a question when nothing comes: so long a partition that was just added may wait for its first wake-up. */
const HOLD_MS = 100;
const RETRY = { firstMs: 50, longestMs: 2_000 };

export interface TailOptions {
  /** With connections of its own: a broker answers one connection's requests one after the other, and these are held. */
  readonly cluster: KafkaCluster;
  readonly index: KafkaIndex;
  readonly log: Logger;
  /** Some partition has grown; the index knows how far. */
  readonly onGrown: () => void;
}

/** Hears that something was appended: one held question to each broker about the ends of all partitions that it leads. What lies there is fetched by the readers. */
export class KafkaTail {
  readonly #options: TailOptions;
  readonly #closing = new AbortController();
  readonly #loops = new Map<number, Promise<void>>();

  constructor(options: TailOptions) {
    this.#options = options;
  }

  /** To be called whenever the index has looked: begins to ask brokers that lead something now. */
  reconcile(): void {
    if (this.#closing.signal.aborted) return;
    for (const { leader } of this.#options.index.partitions) {
      if (leader >= 0 && !this.#loops.has(leader)) this.#loops.set(leader, this.#run(leader));
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#loops.values());
  }

  /** Ends when the broker leads nothing any more. */
  async #run(leader: number): Promise<void> {
    for (let failures = 0; !this.#closing.signal.aborted;) {
      const led = this.#options.index.partitions.filter((one) => one.leader === leader);
      if (led.length === 0) break;
      try {
        await this.#ask(leader, led);
        failures = 0;
      } catch (error) {
        failures += 1;
        this.#options.log.debug('A Kafka broker cannot be asked what is new; it is tried again.', { 'labels.broker': leader, error });
        await pause(backOffMs(failures, RETRY), this.#closing.signal);
      }
    }
    this.#loops.delete(leader);
  }

  async #ask(leader: number, led: KafkaIndex['partitions']): Promise<void> {
    const { cluster, index, onGrown } = this.#options;
    const wishes = led.map(({ topic, partition, end }) => ({ topic, partition, offset: end, maxBytes: 1 }));
    const answers = await cluster.fetch(leader, wishes, { maxWaitMs: HOLD_MS, maxBytes: 1 });
    const grown = answers.filter((answer) => answer.error === 0 && index.saw(answer, answer));
    if (grown.length > 0) onGrown();
    if (answers.some(({ error }) => error !== 0)) throw new Error('Some of its partitions have moved, or are not there any more.');
  }
}
