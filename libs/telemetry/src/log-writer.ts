import { fileTarget, stdoutTarget, STUCK_READER_MS, type LineTarget } from './log-target.ts';

/**
 * Takes lines without waiting for the disk or pipe and writes them in order, many at a time. Lines written before a `flush` or
 * `close` are out when it resolves, and an ordinary end of the process (also `process.exit` and an uncaught error) writes what is
 * left. Only a kill -9 loses the last `FLUSH_MS`.
 */
export interface LineWriter {
  /** Bound: can be handed on as a function. Never throws. */
  readonly write: (line: string) => void;
  flush(): Promise<void>;
  /** Gives up after 2 s on a target that takes nothing, and says on standard error how many lines that cost. */
  close(): Promise<void>;
  /** Lines dropped so far because the target kept failing and the buffer was full. */
  readonly lost: number;
}

/** A reader who follows a log does not notice this delay, and a busy process writes some hundred lines at a time. */
const FLUSH_MS = 20;
/** Written at once from here on: the size of a Linux pipe. */
const FLUSH_CHARACTERS = 65_536;
/** What is kept while a target fails (a full disk): minutes of an ordinary log, without endangering the process. */
const MAX_BUFFERED_CHARACTERS = 8 * 1024 * 1024;
/** The pause before a failed write is tried again. */
const RETRY_MS = 1000;

/** Writes lines to standard output. */
export function openStdout(): LineWriter {
  return new BufferedWriter(stdoutTarget());
}

/** Appends lines to a file, whose folders are made. Throws when it cannot be opened. Safe for several processes at once. */
export function openLogFile(path: string): LineWriter {
  return new BufferedWriter(fileTarget(path));
}

/** The buffer between loggers and a target. Takes a target of any kind, so that a test can make one fail. */
export class BufferedWriter implements LineWriter {
  lost = 0;
  private readonly target: LineTarget;
  private readonly complain: (sentence: string) => void;
  private waiting = '';
  private unwritten: Buffer = Buffer.alloc(0);
  private draining: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private isTaking = false;
  private isFailing = false;
  private isClosed = false;
  private hasGivenUp = false;

  constructor(target: LineTarget, complain: (sentence: string) => void = (sentence) => void process.stderr.write(`${sentence}\n`)) {
    this.target = target;
    this.complain = complain;
    process.on('exit', this.drainAtExit);
  }

  readonly write = (line: string): void => {
    if (this.isClosed || this.waiting.length + line.length > MAX_BUFFERED_CHARACTERS) {
      this.lost += 1;
      return;
    }
    this.waiting += `${line}\n`;
    if (this.waiting.length >= FLUSH_CHARACTERS && !this.isFailing) void this.flush();
    else this.schedule();
  };

  flush(): Promise<void> {
    this.draining ??= this.drain();
    return this.draining;
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    const patience = setTimeout(() => (this.hasGivenUp = true), STUCK_READER_MS);
    await this.flush();
    clearTimeout(patience);
    clearTimeout(this.timer);
    process.off('exit', this.drainAtExit);
    this.reportUnwritten();
    this.target.close();
  }

  private schedule(): void {
    const wake = (): void => {
      this.timer = undefined;
      void this.flush();
    };
    this.timer ??= setTimeout(wake, this.isFailing ? RETRY_MS : FLUSH_MS).unref();
  }

  /** Never rejects: what a failing target did not take is kept and tried again later. */
  private async drain(): Promise<void> {
    // Not in the caller's turn: with nothing to do this would end before `draining` is set, which would then never be cleared.
    await Promise.resolve();
    try {
      while (!this.hasGivenUp && this.nextBytes().length > 0) await this.giveBytes();
      this.recover();
    } catch (fault) {
      this.suffer(fault);
    } finally {
      this.draining = undefined;
    }
  }

  /** What was taken is cut off in the same turn in which it is known, so that an end of the process just then doubles nothing. */
  private async giveBytes(): Promise<void> {
    const taken = this.target.take(this.unwritten);
    if (typeof taken === 'number') {
      this.unwritten = this.unwritten.subarray(taken);
      return;
    }
    this.isTaking = true;
    try {
      this.unwritten = this.unwritten.subarray(await taken);
    } finally {
      this.isTaking = false;
    }
  }

  private nextBytes(): Buffer {
    if (this.unwritten.length === 0 && this.waiting !== '') {
      this.unwritten = Buffer.from(this.waiting);
      this.waiting = '';
    }
    return this.unwritten;
  }

  private suffer(fault: unknown): void {
    if (!this.isFailing)
      this.complain(`Log lines cannot be written to ${this.target.name} (${String(fault)}). They are kept and tried again.`);
    this.isFailing = true;
    this.schedule();
  }

  private recover(): void {
    if (this.isFailing) this.complain(`Log lines are written to ${this.target.name} again. Lost in between: ${this.lost}.`);
    this.isFailing = false;
  }

  /** The last chance, in which nothing can be awaited. */
  private readonly drainAtExit = (): void => {
    if (this.isTaking && this.target.completesAlone) this.unwritten = Buffer.alloc(0);
    try {
      while (this.nextBytes().length > 0) this.unwritten = this.unwritten.subarray(this.target.takeNow(this.unwritten));
    } catch (fault) {
      this.suffer(fault);
    }
    this.reportUnwritten();
  };

  private reportUnwritten(): void {
    const left = this.unwritten.toString().split('\n').length - 1 + this.waiting.split('\n').length - 1;
    if (left > 0)
      this.complain(
        `Log lines lost: ${left + this.lost}, because ${this.target.name} did not take them. Check its disk, permissions or reader.`,
      );
  }
}
