/** Says how far streams are known in which nothing happens, so that their readers' progress goes on with the clock (docs/adr/0012). */
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { eventProgress, topicOf } from '@roofshot/contracts/events';
import type { OutgoingRecord, TopicPartition } from '@roofshot/messaging/events';
import { PLATFORM, type Platform } from '@roofshot/runtime/service';
import { failureLevel } from '@roofshot/storage/failure-level';
import { advancedRecord, fenceRecords } from './event-record.ts';
import { EventTypes } from './event-types.ts';
import { ensureStreams, hushStreams, type QuietSpan } from './stream-clock.ts';

const LOOK_EVERY_MS = 500;

@Injectable()
export class SayProgress implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #platform: Platform<'sql' | 'events'>;
  readonly #types: EventTypes;
  readonly #ensured = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #isFailing = false;

  constructor(@Inject(PLATFORM) platform: Platform<'sql' | 'events'>, @Inject(EventTypes) types: EventTypes) {
    this.#platform = platform;
    this.#types = types;
  }

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => (this.#running ??= this.#look().finally(() => (this.#running = undefined))), LOOK_EVERY_MS);
    this.#timer.unref();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  /** What was not said is said at the next look; until then readers' progress stands still, which is the truth. */
  async #look(): Promise<void> {
    try {
      await this.run();
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing)
        this.#platform.log[failureLevel(error)]('How far quiet streams are known could not be said; it is tried again until it can.', {
          error,
        });
      this.#isFailing = true;
    }
  }

  async run(): Promise<void> {
    const { sql, events } = this.#platform;
    const streams = await this.#streams();
    if (streams.size === 0) return;
    const records = await sql.transaction(async (tx) => {
      const spans = await hushStreams(tx, [...streams.keys()].sort());
      const said = spans.flatMap((span) => recordsOf(span, streams.get(span.topic)));
      await events.publishIn(tx, said);
      return said;
    });
    events.announce(new Set(records.map(({ topic }) => topic)));
  }

  /** The live streams that exist, by topic. */
  async #streams(): Promise<Map<string, LiveStream>> {
    const streams = new Map<string, LiveStream>();
    for (const { name: eventType } of (await this.#types.current()).live()) {
      const partitions = await this.#types.partitionsOf(topicOf(eventType));
      if (partitions.length > 0) streams.set(topicOf(eventType), { eventType, partitions });
    }
    const missing = [...streams.keys()].filter((topic) => !this.#ensured.has(topic));
    if (missing.length > 0) {
      await this.#learn(missing.flatMap((topic) => streams.get(topic) ?? []));
      await ensureStreams(this.#platform.sql, missing);
    }
    for (const topic of missing) this.#ensured.add(topic);
    return streams;
  }

  /** Asks the log now what it would else be asked in a transaction that holds the streams: while it does not answer, nobody's events would be taken. */
  async #learn(streams: readonly LiveStream[]): Promise<void> {
    const { events } = this.#platform;
    await events.bounds(eventProgress.name);
    const span = { after: 0, until: 0 };
    await events.oversizeOf(
      streams.flatMap(({ eventType, partitions }) => [...fenceRecords(partitions, 0), advancedRecord(eventType, span)]),
    );
  }
}

interface LiveStream {
  readonly eventType: string;
  readonly partitions: readonly TopicPartition[];
}

function recordsOf(span: QuietSpan, stream: LiveStream | undefined): OutgoingRecord[] {
  if (stream === undefined) return [];
  return span.isFence ? fenceRecords(stream.partitions, span.until) : [advancedRecord(stream.eventType, span)];
}
