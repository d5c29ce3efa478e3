/** Collects the metrics of one attempt: the last value by name for comparing, every value with its step for charts. */
import type { MetricRow } from '../runs/trial-store.ts';

const MAX_BUFFERED = 1_000;
const FLUSH_MS = 500;
/** A trainer that logs in its innermost loop must not fill the database. */
const MAX_ROWS = 100_000;

export class MetricLog {
  readonly #write: (rows: readonly MetricRow[]) => Promise<void>;
  readonly #last = new Map<string, number>();
  #buffer: MetricRow[] = [];
  #count = 0;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  /** `write` must not throw. */
  constructor(write: (rows: readonly MetricRow[]) => Promise<void>) {
    this.#write = write;
  }

  get last(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#last);
  }

  add(name: string, value: number, step: number | null): void {
    this.#last.set(name, value);
    if (this.#count >= MAX_ROWS) return;
    this.#buffer.push({ position: this.#count, name, value, step });
    this.#count += 1;
    if (this.#buffer.length >= MAX_BUFFERED) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS);
  }

  /** Resolves when all rows have been written. */
  async end(): Promise<void> {
    this.#flush();
    await this.#writing;
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const rows = this.#buffer;
    this.#buffer = [];
    if (rows.length > 0) this.#writing = this.#writing.then(() => this.#write(rows));
  }
}
