/**
 * Brings the spool onto the log, each line exactly once: the position moves in the transaction that publishes, so a crash between
 * reading and committing publishes nothing, and one after it repeats nothing. Ids derive from the line's place. An event that is larger
 * than its topic takes is set aside, and holds up nothing.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { EventBus } from '@roofshot/messaging/events';
import { TryAgain } from '@roofshot/messaging/handlers';
import type { Transactions } from '@roofshot/messaging/transactions';
import { failureLevel } from '@roofshot/storage/failure-level';
import type { Sql } from '@roofshot/storage/sql';
import type { Logger } from '@roofshot/telemetry/logger';
import { metrics } from '../metrics.ts';
import { decodeEntry } from './entries.ts';
import { isBefore, listSegments, readLines, type SpoolLine, type SpoolPart, type SpoolPosition } from './segments.ts';
import { loadPosition, movePosition } from './relay-position.ts';
import { SetAside, type TooLarge } from './set-aside.ts';
import type { Spool } from './spool.ts';
import { recordsOf, type SpoolRecord } from './spool-records.ts';

export interface RelayPlatform {
  /** Of the service: it is the source of what is published. */
  readonly name: string;
  readonly clock: () => number;
  readonly sql: Sql;
  readonly events: Pick<EventBus, 'oversizeOf'>;
  readonly transactions: Transactions;
  readonly log: Logger;
}

/** Bytes published in one transaction, about: some hundred predictions. */
const PART_BYTES = 512 * 1024;
const COUNT_BYTES = 4 * 1024 * 1024;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
/** Only a bound on how long one wait lasts; appended lines wake the relay at once. */
const IDLE_MS = 60_000;
/** What is not published by then at a stop is published after the next start. */
const DRAIN_MS = 5_000;

interface Progress {
  /** As the database has it. */
  kept: SpoolPosition;
  /** Where reading goes on: further, when a segment has ended. */
  position: SpoolPosition;
}

export class SpoolRelay {
  readonly setAside: SetAside;
  readonly #spool: Spool;
  readonly #platform: RelayPlatform;
  readonly #firstOwn: number;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #position: SpoolPosition = { segment: 0, offset: 0 };
  #isCounted = false;

  constructor(spool: Spool, platform: RelayPlatform) {
    this.#spool = spool;
    this.#platform = platform;
    this.setAside = new SetAside(spool.folder, platform.log);
    this.#firstOwn = spool.end.segment;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Publishes what it can within some seconds. Nothing is lost: the rest waits on the disk. */
  async close(): Promise<void> {
    if (this.#running !== undefined) await this.publishedUpTo(this.#spool.end, { timeoutMs: DRAIN_MS });
    this.#stopping.abort();
    this.#spool.changed.changed();
    await this.#running;
  }

  /** True once everything before `end` lies on the log; false after the time or the abort. */
  async publishedUpTo(
    end: SpoolPosition,
    wait: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined },
  ): Promise<boolean> {
    return (await this.#spool.changed.waitUntil(() => !isBefore(this.#position, end), wait)) ?? false;
  }

  async #run(): Promise<void> {
    let progress: Progress | undefined;
    for (let pause = FIRST_PAUSE_MS; !this.#isStopping;) {
      try {
        progress ??= await this.#load();
        await this.#relayNext(progress);
        pause = FIRST_PAUSE_MS;
      } catch (error) {
        this.#platform.log[failureLevel(error)]('The spool cannot be published at the moment; it is tried again.', { error });
        progress = undefined; // whether the last transaction was committed is asked of the database
        await delay(pause, undefined, { signal: this.#stopping.signal }).catch(() => undefined); // stopped
        pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
      }
    }
  }

  get #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #load(): Promise<Progress> {
    const position = await loadPosition(this.#platform.sql, this.#spool.name);
    if (!this.#isCounted) await this.#countFound(position);
    this.#isCounted = true;
    this.#reach(position);
    return { kept: position, position };
  }

  /** Lines that an earlier process left. */
  async #countFound(position: SpoolPosition): Promise<void> {
    for (const segment of await listSegments(this.#spool.folder)) {
      if (segment < position.segment || segment >= this.#firstOwn) continue;
      let at: SpoolPosition = { segment, offset: segment === position.segment ? position.offset : 0 };
      for (;;) {
        const { lines, next } = await readLines(this.#spool.folder, at, { maxBytes: COUNT_BYTES });
        if (lines.length === 0) break;
        this.#spool.addFound({ bytes: next.offset - at.offset, lines: lines.length });
        at = next;
      }
    }
  }

  #reach(position: SpoolPosition): void {
    this.#position = position;
    this.#spool.changed.changed();
  }

  async #relayNext(progress: Progress): Promise<void> {
    const { signal } = this.#stopping;
    const spool = this.#spool;
    const isWork = await spool.changed.waitUntil(() => isBefore(progress.position, spool.end), { timeoutMs: IDLE_MS, signal });
    if (isWork === undefined) return;
    const from = progress.position;
    const isOpen = spool.isOpen(from.segment);
    const part = await readLines(spool.folder, from, { maxBytes: PART_BYTES, end: spool.sizeOf(from.segment) });
    if (part.lines.length > 0) return this.#publish(progress, part);
    if (isOpen) throw new Error(`Segment ${from.segment} of the spool in ${spool.folder} is gone, and with it what it held.`);
    if (part.rest > 0) this.#drop('warn', from, 'The last line of a segment was never written to its end; its answer had not left.');
    progress.position = { segment: await this.#segmentAfter(from.segment), offset: 0 };
    this.#reach(progress.position);
  }

  async #segmentAfter(segment: number): Promise<number> {
    return (await listSegments(this.#spool.folder)).find((next) => next > segment) ?? this.#spool.end.segment;
  }

  async #publish(progress: Progress, { lines, next }: SpoolPart): Promise<void> {
    const { name } = this.#spool;
    const { kept, position } = progress;
    const { fitting, tooLarge } = await this.#sortOut(lines.flatMap((line) => this.#recordsOf(line)));
    await this.setAside.keep(tooLarge); // before the position moves: a crash in between finds them kept already
    await this.#platform.transactions.run(async (tx) => {
      const isMoved = await movePosition(tx, name, { from: kept, to: next });
      if (!isMoved) throw new TryAgain(`The spool ${name} does not stand at ${kept.segment}/${kept.offset} any more.`);
      tx.forward(fitting.map(({ record }) => record));
    });
    progress.kept = progress.position = next;
    this.#reach(next);
    await this.#spool.published(next, { bytes: next.offset - position.offset, lines: lines.length });
  }

  #recordsOf(line: SpoolLine): SpoolRecord[] {
    const entry = decodeEntry(line.text);
    if (entry !== undefined) return recordsOf(this.#platform, `${this.#spool.name}/${line.segment}/${line.offset}`, entry);
    this.#drop('error', line, 'A line of the spool is damaged and was left out.');
    return [];
  }

  /** One event that its topic does not take would fail the transaction of all, now and for ever. */
  async #sortOut(records: readonly SpoolRecord[]): Promise<{ fitting: SpoolRecord[]; tooLarge: TooLarge[] }> {
    const oversizes = await this.#platform.events.oversizeOf(records.map(({ record }) => record));
    const fitting: SpoolRecord[] = [];
    const tooLarge: TooLarge[] = [];
    records.forEach((record, i) => {
      const oversize = oversizes[i];
      if (oversize === undefined) fitting.push(record);
      else tooLarge.push({ ...record, oversize });
    });
    return { fitting, tooLarge };
  }

  #drop(level: 'warn' | 'error', { segment, offset }: SpoolPosition, message: string): void {
    metrics['spool.dropped']();
    this.#platform.log[level](message, { 'labels.segment': segment, 'labels.offset': offset });
  }
}
