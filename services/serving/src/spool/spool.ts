/**
 * The log of what was answered, on the local disk: no request waits for a broker or a database. `append` resolves when the line has
 * been given to the operating system by one write (it survives kill -9 of this process); every 50 ms what was written is forced to
 * the disk, which bounds what a power cut can take.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { syncFolder } from '@roofshot/storage/sync-folder';
import { Signal } from '@roofshot/runtime/signal';
import { failureLevel } from '@roofshot/storage/failure-level';
import type { Logger } from '@roofshot/telemetry/logger';
import { spoolFull, spoolUnwritable } from '../errors.ts';
import { metrics } from '../metrics.ts';
import { listSegments, removeSegment, segmentPath, type SpoolPosition } from './segments.ts';

export interface SpoolOptions {
  readonly folder: string;
  /** Ids of events begin with it. */
  readonly name: string;
  /** Segments up to this one are history, whether their files are still there or not: their numbers are never given again. */
  readonly after: number;
  /** A segment that has reached this size is followed by a new one. */
  readonly segmentBytes: number;
  /** With so much unpublished, nothing more is taken. */
  readonly maxBytes: number;
  readonly log: Logger;
}

/** What is lost at most when the machine loses power: answers of the last 50 ms. */
const SYNC_MS = 50;

interface Waiting {
  readonly bytes: Buffer;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export interface SpoolAmount {
  readonly bytes: number;
  readonly lines: number;
}

interface OpenSegment {
  readonly file: FileHandle;
  readonly segment: number;
  size: number;
}

export class Spool {
  /** Changes when lines were appended or published. */
  readonly changed = new Signal();
  readonly #options: SpoolOptions;
  #open: OpenSegment | undefined;
  #lastSegment: number;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #syncTimer: NodeJS.Timeout | undefined;
  #syncing: Promise<void> = Promise.resolve();
  #unpublished: SpoolAmount = { bytes: 0, lines: 0 };
  #end: SpoolPosition;
  /** Sizes of the segments that this process has left: what lies behind was refused. */
  readonly #sizes = new Map<number, number>();
  #removedBefore = 0;

  private constructor(options: SpoolOptions, lastSegment: number) {
    this.#options = options;
    this.#lastSegment = lastSegment;
    this.#end = { segment: lastSegment + 1, offset: 0 };
  }

  /** New lines go to a new segment: never behind a torn one. */
  static async open(options: SpoolOptions): Promise<Spool> {
    return new Spool(options, Math.max(options.after, ...(await listSegments(options.folder))));
  }

  get name(): string {
    return this.#options.name;
  }

  get folder(): string {
    return this.#options.folder;
  }

  /** Where the next line will begin: everything before it has been written. */
  get end(): SpoolPosition {
    return this.#end;
  }

  /** Answered requests (and groups of shadows' answers) whose events are not yet on the log. */
  get unpublishedLines(): number {
    return this.#unpublished.lines;
  }

  /** Resolves when the line has been written. Throws `spool-full` or `spool-unwritable`: then it is as if it had never been given. */
  append(line: string): Promise<void> {
    const bytes = Buffer.from(`${line}\n`);
    if (this.#unpublished.bytes + bytes.length > this.#options.maxBytes) {
      return Promise.reject(spoolFull(this.#unpublished.bytes, this.#options.maxBytes));
    }
    this.#count(bytes.length, 1);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ bytes, resolve, reject });
      this.#writing ??= this.#writeAll();
    });
  }

  /** Found at the start: left there by an earlier process. */
  addFound({ bytes, lines }: SpoolAmount): void {
    this.#count(bytes, lines);
  }

  /** Everything before `position` lies on the log. */
  async published(position: SpoolPosition, { bytes, lines }: SpoolAmount): Promise<void> {
    this.#count(-bytes, -lines);
    this.changed.changed();
    if (position.segment <= this.#removedBefore) return;
    for (const segment of await listSegments(this.folder)) {
      if (segment < position.segment) await this.#remove(segment);
    }
    this.#removedBefore = position.segment;
  }

  /** Up to which offset the segment holds lines; undefined where an earlier process wrote it: then all of it. */
  sizeOf(segment: number): number | undefined {
    return segment === this.#end.segment ? this.#end.offset : this.#sizes.get(segment);
  }

  /** Lines may still be appended to it. */
  isOpen(segment: number): boolean {
    return segment >= this.#end.segment;
  }

  async close(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    clearTimeout(this.#syncTimer);
    await this.#sync();
    await this.#open?.file.close();
    this.#open = undefined;
  }

  async #remove(segment: number): Promise<void> {
    await removeSegment(this.folder, segment);
    this.#sizes.delete(segment);
  }

  #count(bytes: number, lines: number): void {
    this.#unpublished = { bytes: this.#unpublished.bytes + bytes, lines: this.#unpublished.lines + lines };
    metrics['spool.unpublished'](this.#unpublished.lines);
  }

  /** Requests that come while a write runs share the next one. */
  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      try {
        await this.#write(Buffer.concat(group.map(({ bytes }) => bytes)));
        for (const { resolve } of group) resolve();
        this.changed.changed();
      } catch (error) {
        await this.#refuse(group, error);
      }
    }
    this.#writing = undefined;
  }

  async #write(bytes: Buffer): Promise<void> {
    const target = await this.#target();
    let written = 0;
    while (written < bytes.length) {
      const { bytesWritten } = await target.file.write(bytes, written, bytes.length - written, target.size + written);
      written += bytesWritten;
    }
    target.size += bytes.length;
    this.#end = { segment: target.segment, offset: target.size };
    this.#syncTimer ??= setTimeout(() => void this.#sync(), SYNC_MS);
  }

  async #target(): Promise<OpenSegment> {
    if (this.#open !== undefined && this.#open.size < this.#options.segmentBytes) return this.#open;
    await this.#leaveSegment();
    const segment = this.#lastSegment + 1;
    const file = await open(segmentPath(this.folder, segment), 'wx', 0o600);
    this.#sizes.set(this.#end.segment, this.#end.offset);
    this.#lastSegment = segment;
    this.#open = { file, segment, size: 0 };
    this.#end = { segment, offset: 0 };
    await syncFolder(this.folder);
    return this.#open;
  }

  async #leaveSegment(): Promise<void> {
    if (this.#open === undefined) return;
    await this.#sync();
    const { file } = this.#open;
    this.#open = undefined;
    await file.close();
  }

  /** Nothing of a refused group may stay: its answers never leave. What cannot be cut off is left behind in a segment of its own. */
  async #refuse(group: readonly Waiting[], cause: unknown): Promise<void> {
    const failure = spoolUnwritable(this.folder, cause);
    this.#options.log[failureLevel(failure)]('The spool cannot be written; predictions are refused.', { error: failure });
    await this.#cutOff().catch((error: unknown) =>
      this.#options.log[failureLevel(error)]('A refused part of the spool could not be cut off; the segment is left.', { error }),
    );
    for (const { bytes, reject } of group) {
      this.#count(-bytes.length, -1);
      reject(failure);
    }
  }

  async #cutOff(): Promise<void> {
    const left = this.#open;
    this.#open = undefined;
    if (left === undefined) return;
    try {
      await left.file.truncate(left.size);
    } finally {
      await left.file.close();
    }
  }

  #sync(): Promise<void> {
    this.#syncTimer = undefined;
    const { file } = this.#open ?? {};
    if (file !== undefined) {
      this.#syncing = this.#syncing.then(() => file.datasync()).catch((error: unknown) => this.#distrust(file, error));
    }
    return this.#syncing;
  }

  /** After a failed sync the system may have dropped what it held: the next line begins a new segment. */
  #distrust(file: FileHandle, error: unknown): void {
    if (this.#open?.file !== file) return; // closed meanwhile, after a sync of its own
    this.#options.log.error('What was written to the spool could not be forced to the disk; a power cut now may lose it.', { error });
    this.#open = undefined;
    void file.close().catch((cause: unknown) => this.#options.log.warn('A segment of the spool could not be closed.', { error: cause }));
  }
}
