import { randomBytes } from 'node:crypto';
import type { LogFields } from './log-record.ts';
import { counter, defineMetrics } from './define-metrics.ts';

/** A line on its way: `id` is its document's, so that a bulk sent twice leaves one of it. */
export interface ShippedLine {
  readonly id: string;
  readonly json: string;
}

/** What became of a line: `kept` also where an earlier try had kept it, `again` where the server is too busy, else why it was refused. */
export type LineFate = 'kept' | 'again' | { readonly refused: string };

type Fate = LineFate | 'untried';

/** The server will never take these lines together; half of them perhaps, and a single one never. */
export class BulkRefused extends Error {
  override readonly name = 'BulkRefused';
}

/**
 * Sends lines and answers the fate of each, in their order. Throws `BulkRefused` when the server refuses the whole of it, and anything
 * else when it could not be asked; then all of them are sent again.
 */
export type SendLines = (lines: readonly ShippedLine[], signal: AbortSignal) => Promise<readonly LineFate[]>;

export interface ShipperOptions {
  readonly send: SendLines;
  /** Hears of outages, refusals and losses. */
  readonly say: (level: 'info' | 'warn', sentence: string, fields: LogFields) => void;
  /** How long lines are gathered. Default 1,000 ms. */
  readonly flushMs?: number;
  /** Characters kept while the server is away. Default 8 Mi: minutes of an ordinary log. */
  readonly maxCharacters?: number;
  /** The pauses between failed tries. Default 500 ms, doubling, at most 30 s. */
  readonly retry?: { readonly firstMs: number; readonly longestMs: number };
}

const FLUSH_MS = 1000;
const MAX_CHARACTERS = 8 * 1024 * 1024;
const RETRY = { firstMs: 500, longestMs: 30_000 };
/** Of one bulk: Elastic advises some MB, and what is in flight is held twice. */
const BULK_LINES = 1000;
const BULK_CHARACTERS = 1024 * 1024;
/** A stop waits this long for a server that does not take the last lines. */
const CLOSE_MS = 2000;
/** Refused lines are told of once in this time: the warning itself may be refused. */
const REFUSALS_MS = 60_000;

const metrics = defineMetrics('process', {
  'log-lines.shipped': counter('Log lines that the log server has.'),
  'log-lines.lost': counter(
    'Log lines that never reached the log server, by why: its buffer was full, it refused them, or the process ended.',
    ['reason'],
  ),
});

/**
 * Brings lines to a log server, many at a time, without anybody waiting for it. While the server is away lines are kept up to a bound
 * and sent again with growing pauses; those beyond the bound are counted and lost, the newest first, so that what began the trouble
 * stays. A kill -9 loses the last second.
 */
export class LogShipper {
  lost = 0;
  readonly #options: Required<ShipperOptions>;
  readonly #prefix = randomBytes(9).toString('base64url');
  readonly #ending = new AbortController();
  #lines: ShippedLine[] = [];
  #characters = 0;
  #count = 0;
  #failures = 0;
  /** Lines of a bulk: fewer after a refusal, until the server has taken some. */
  #bulkLines = BULK_LINES;
  #toldLost = 0;
  #toldRefusals = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #shipping: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: ShipperOptions) {
    this.#options = { flushMs: FLUSH_MS, maxCharacters: MAX_CHARACTERS, retry: RETRY, ...options };
  }

  /** Never throws and never waits. */
  add(json: string): void {
    if (this.#isClosed || this.#characters + json.length > this.#options.maxCharacters)
      return this.#lose(1, this.#isClosed ? 'ended' : 'full');
    this.#count += 1;
    this.#lines.push({ id: `${this.#prefix}${this.#count.toString(36)}`, json });
    this.#characters += json.length;
    if (this.#shipping === undefined) this.#schedule();
  }

  /** Resolves when what was added before has been kept or refused, or when a try has failed. */
  async flush(): Promise<void> {
    this.#cancelTimer();
    this.#shipping ??= this.#ship().finally(() => {
      this.#shipping = undefined;
      if (this.#lines.length > 0 && !this.#isClosed) this.#schedule();
    });
    await this.#shipping;
  }

  /** Sends what is left and gives up after 2 s, or at once where the server is known to be away. Answers how many lines were left. */
  async close(): Promise<number> {
    this.#isClosed = true;
    const patience = setTimeout(() => this.#ending.abort(), CLOSE_MS).unref();
    await this.#shipping;
    if (this.#failures === 0) await this.flush();
    clearTimeout(patience);
    this.#cancelTimer();
    const left = this.#lines.length;
    this.#lose(left, 'ended');
    this.#lines = [];
    return left;
  }

  #schedule(): void {
    const { flushMs, retry } = this.#options;
    const isFull = this.#lines.length >= BULK_LINES || this.#characters >= BULK_CHARACTERS;
    if (this.#failures === 0 && isFull) return void this.flush();
    const pause = this.#failures === 0 ? flushMs : Math.min(retry.firstMs * 2 ** (this.#failures - 1), retry.longestMs);
    this.#timer ??= setTimeout(() => void this.flush(), pause).unref();
  }

  #cancelTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Until nothing is left or a try fails. Never rejects. */
  async #ship(): Promise<void> {
    await Promise.resolve(); // `#shipping` has to be set before this can end
    try {
      while (this.#lines.length > 0 && !this.#ending.signal.aborted) await this.#shipSome();
      this.#recover();
    } catch (error) {
      this.#suffer(error);
    }
  }

  async #shipSome(): Promise<void> {
    const bulk = this.#nextBulk();
    const fates = await this.#fatesOf(bulk);
    if (fates.length !== bulk.length) throw new Error(`It answered ${fates.length} lines of ${bulk.length}.`);
    const busy = fates.filter((fate) => fate === 'again').length;
    const again = bulk.filter((_, index) => fates[index] === 'again' || fates[index] === 'untried');
    const reasons = fates.flatMap((fate) => (typeof fate === 'object' ? [fate.refused] : []));
    this.#lines = [...again, ...this.#lines.slice(bulk.length)];
    this.#characters += charactersOf(again) - charactersOf(bulk);
    metrics['log-lines.shipped'](fates.filter((fate) => fate === 'kept').length);
    this.#tellRefused(reasons);
    if (busy > 0) throw new Error(`It is too busy to take ${busy} of ${bulk.length} lines.`);
  }

  async #fatesOf(bulk: readonly ShippedLine[]): Promise<readonly Fate[]> {
    try {
      const fates = await orAborted(this.#options.send(bulk, this.#ending.signal), this.#ending.signal);
      if (fates === undefined) throw new Error('The process ended before an answer came.');
      this.#bulkLines = Math.min(BULK_LINES, this.#bulkLines * 2);
      return fates;
    } catch (error) {
      if (!(error instanceof BulkRefused)) throw error;
      if (bulk.length === 1) return [{ refused: error.message }];
      this.#bulkLines = Math.ceil(bulk.length / 2);
      return bulk.map(() => 'untried');
    }
  }

  #nextBulk(): ShippedLine[] {
    const bulk: ShippedLine[] = [];
    let characters = 0;
    for (const line of this.#lines) {
      if (bulk.length >= this.#bulkLines || (bulk.length > 0 && characters + line.json.length > BULK_CHARACTERS)) break;
      bulk.push(line);
      characters += line.json.length;
    }
    return bulk;
  }

  #suffer(error: unknown): void {
    this.#failures += 1;
    if (this.#failures > 1 || this.#isClosed) return;
    this.#options.say('warn', 'Log lines cannot be sent to the log server (ELASTICSEARCH_URL); they are kept and sent again.', { error });
  }

  #recover(): void {
    if (this.#failures === 0) return;
    this.#failures = 0;
    const fields = { 'labels.lost': this.lost - this.#toldLost };
    this.#toldLost = this.lost;
    this.#options.say('info', 'Log lines are sent to the log server again.', fields);
  }

  #tellRefused(reasons: readonly string[]): void {
    if (reasons.length === 0) return;
    this.#lose(reasons.length, 'refused');
    if (performance.now() - this.#toldRefusals < REFUSALS_MS) return;
    this.#toldRefusals = performance.now();
    const fields = { 'labels.refused': reasons.length, 'event.reason': reasons[0] };
    this.#options.say('warn', 'The log server refused log lines; only standard output or the log file has them.', fields);
  }

  #lose(lines: number, reason: 'full' | 'refused' | 'ended'): void {
    if (lines === 0) return;
    this.lost += lines;
    metrics['log-lines.lost'](lines, { reason });
  }
}

const charactersOf = (lines: readonly ShippedLine[]): number => lines.reduce((sum, { json }) => sum + json.length, 0);

/** Undefined when the signal came first: a request that ignores it must not hold up the end. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  const over = new AbortController();
  const aborted = new Promise<undefined>((resolve) => signal.addEventListener('abort', () => resolve(undefined), { signal: over.signal }));
  try {
    return await Promise.race([work, aborted]);
  } finally {
    over.abort();
  }
}
