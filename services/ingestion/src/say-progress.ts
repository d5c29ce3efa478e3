/** Says how far streams are known in which nothing happens, so that their readers' progress goes on with the clock (docs/adr/0012). */
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { eventProgress, topicOf } from '@roofshot/contracts/events';
import type { OutgoingRecord, TopicPartition } from '@roofshot/messaging/events';
import { Readiness } from '@roofshot/runtime/readiness';
import { PLATFORM, type Platform } from '@roofshot/runtime/service';
import { failureLevel } from '@roofshot/storage/failure-level';
import { isLostConnection } from '@roofshot/storage/sql-errors';
import { advancedRecord, fenceRecords } from './event-record.ts';
import { EventTypes } from './event-types.ts';
import { ensureStreams, hushStreams, type QuietSpan } from './stream-clock.ts';

const LOOK_EVERY_MS = 500;
/** While the log takes nothing, what is said of it waits with the events in an outbox that has a bound, and of all that only the last counts. */
const SELDOM_MS = 10_000;

@Injectable()
export class SayProgress implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #platform: Platform<'sql' | 'events'>;
  readonly #types: EventTypes;
  /** Those that have a row. */
  readonly #ensured = new Set<string>();
  /** Those of which the log has told what it takes. */
  readonly #topics = new Set<string>();
  #hasAnswered = false;
  #saidAt = -Infinity;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #isFailing = false;

  constructor(
    @Inject(PLATFORM) platform: Platform<'sql' | 'events'>,
    @Inject(EventTypes) types: EventTypes,
    @Inject(Readiness) readiness: Readiness,
  ) {
    this.#platform = platform;
    this.#types = types;
    readiness.waitFor('what the log takes of each event type', () => this.#hasAnswered);
  }

  onApplicationBootstrap(): void {
    const look = (): void => void (this.#running ??= this.#look().finally(() => (this.#running = undefined)));
    look();
    this.#timer = setInterval(look, LOOK_EVERY_MS).unref();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  /** What was not said is said at the next look; until then readers' progress stands still, which is the truth. */
  async #look(): Promise<void> {
    try {
      await this.run();
      this.#hasAnswered = true;
      this.#isFailing = false;
    } catch (error) {
      this.#hasAnswered ||= !isLostConnection(error);
      if (!this.#isFailing)
        this.#platform.log[failureLevel(error)]('How far quiet streams are known could not be said; it is tried again until it can.', {
          error,
        });
      this.#isFailing = true;
    }
  }

  async run(): Promise<void> {
    const catalogue = await this.#types.current();
    const live = await this.#learnt(catalogue.live());
    const isTroubled = this.#platform.events.waitingFor().length > 0;
    if (!isTroubled || performance.now() - this.#saidAt >= SELDOM_MS) await this.#say(live);
    await this.#learnt(catalogue.importers()); // of which nothing is said
  }

  async #say(streams: ReadonlyMap<string, Stream>): Promise<void> {
    if (streams.size === 0) return;
    const { sql, events } = this.#platform;
    await this.#ensure([...streams.keys()]);
    const records = await sql.transaction(async (tx) => {
      const spans = await hushStreams(tx, [...streams.keys()].sort());
      const said = spans.flatMap((span) => recordsOf(span, streams.get(span.topic)));
      await events.publishIn(tx, said);
      return said;
    });
    this.#saidAt = performance.now();
    events.announce(new Set(records.map(({ topic }) => topic)));
  }

  async #ensure(topics: readonly string[]): Promise<void> {
    const missing = topics.filter((topic) => !this.#ensured.has(topic));
    if (missing.length > 0) await ensureStreams(this.#platform.sql, missing);
    for (const topic of missing) this.#ensured.add(topic);
  }

  /** Those streams that exist, by topic, when the log has told what it takes of them. */
  async #learnt(types: readonly { readonly name: string }[]): Promise<ReadonlyMap<string, Stream>> {
    const streams = await this.#existing(types);
    const unknown = [...streams].filter(([topic]) => !this.#topics.has(topic));
    if (unknown.length > 0) await this.#learn(unknown.map(([, stream]) => stream));
    for (const [topic] of unknown) this.#topics.add(topic);
    return streams;
  }

  async #existing(types: readonly { readonly name: string }[]): Promise<ReadonlyMap<string, Stream>> {
    const streams = new Map<string, Stream>();
    for (const { name: eventType } of types) {
      const partitions = await this.#types.partitionsOf(topicOf(eventType));
      if (partitions.length > 0) streams.set(topicOf(eventType), { eventType, partitions });
    }
    return streams;
  }

  /**
   * Asks the log now what it would else be asked when an event comes, or in a transaction that holds the streams: while it does not answer,
   * events of these streams could not be taken, and in the end nobody's.
   */
  async #learn(streams: readonly Stream[]): Promise<void> {
    const { events } = this.#platform;
    await events.bounds(eventProgress.name);
    const span = { after: 0, until: 0 };
    await events.oversizeOf(
      streams.flatMap(({ eventType, partitions }) => [...fenceRecords(partitions, 0), advancedRecord(eventType, span)]),
    );
  }
}

interface Stream {
  readonly eventType: string;
  readonly partitions: readonly TopicPartition[];
}

function recordsOf(span: QuietSpan, stream: Stream | undefined): OutgoingRecord[] {
  if (stream === undefined) return [];
  return span.isFence ? fenceRecords(stream.partitions, span.until) : [advancedRecord(stream.eventType, span)];
}
