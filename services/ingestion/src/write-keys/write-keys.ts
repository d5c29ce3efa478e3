import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { IncomingHttpHeaders } from 'node:http';
import { DomainError } from '@roofshot/runtime/errors';
import { PLATFORM, type Platform } from '@roofshot/runtime/service';
import { failureLevel } from '@roofshot/storage/failure-level';
import type { Static } from 'typebox';
import type { IngestionConfig } from '../config.ts';
import { RateLimit } from './rate-limit.ts';
import { keysInForce } from './write-key-store.ts';
import { hashOf, secretIn, type WriteKey } from './write-key.ts';

const CHANNEL = 'ingestion_write_keys';
/** A key that nobody knows makes the keys be read again, but not more often: guesses must not become the database's load. */
const REREAD_MS = 1_000;

/** The keys in force, in memory, read again as soon as any process has changed one; and the rate of each in this process. */
@Injectable()
export class WriteKeys implements OnModuleInit, OnModuleDestroy {
  readonly #platform: Platform<'sql', Static<typeof IngestionConfig>>;
  readonly #limits = new Map<string, RateLimit>();
  #keys: ReadonlyMap<string, WriteKey> = new Map();
  #readAt = -Infinity;
  #unlisten: (() => Promise<void>) | undefined;

  constructor(@Inject(PLATFORM) platform: Platform<'sql', Static<typeof IngestionConfig>>) {
    this.#platform = platform;
  }

  async onModuleInit(): Promise<void> {
    const { sql, log } = this.#platform;
    const heard = (): void =>
      void this.reload().catch((error: unknown) =>
        log[failureLevel(error)]('The write keys could not be read again; the next unknown one tries it.', { error }),
      );
    this.#unlisten = await sql.listen(CHANNEL, heard);
    await this.reload();
  }

  async onModuleDestroy(): Promise<void> {
    await this.#unlisten?.();
  }

  async reload(): Promise<void> {
    this.#readAt = performance.now();
    this.#keys = await keysInForce(this.#platform.sql);
  }

  /** After the commit of a change: what holds here holds everywhere a moment later. */
  async changed(): Promise<void> {
    await this.reload();
    await this.#platform.sql.notify(CHANNEL);
  }

  /** Whose request it is; undefined where keys are optional and it has none. Throws `unauthorized`, and `too-large` for its body. */
  async keyOf(headers: IncomingHttpHeaders, secret = secretIn(headers)): Promise<WriteKey | undefined> {
    if (secret === undefined) {
      if (this.#platform.config.writeKeys === 'optional') return undefined;
      throw unauthorized('Events are taken with a write key only, and the request has none.');
    }
    const key = await this.#find(secret);
    if (key === undefined) throw unauthorized('The write key is not known, or it was revoked.');
    refuseLarge(key, Number(headers['content-length'] ?? 0));
    return key;
  }

  /** Takes so many events of the key's rate. Throws `too-many-requests`. */
  admit(key: WriteKey | undefined, events: number): void {
    const wait = this.#wait(key, events);
    if (key === undefined || wait === 0) return;
    const message = `The write key ${key.name} takes ${key.eventsPerSecond} events a second, and has sent more. Nothing of the request was taken: send it again after ${wait} ms.`;
    throw new DomainError('too-many-requests', message, { retryAfterSeconds: Math.ceil(wait / 1_000), retryAfterMs: wait });
  }

  /** As `admit`, for streams, which are slowed down instead. */
  async admitted(key: WriteKey | undefined, events: number, signal: AbortSignal): Promise<void> {
    for (let wait = this.#wait(key, events); wait > 0; wait = this.#wait(key, events)) await delay(wait, undefined, { signal });
  }

  #wait(key: WriteKey | undefined, events: number): number {
    if (key?.eventsPerSecond === undefined) return 0;
    const now = performance.now();
    const limit = this.#limits.get(key.id) ?? new RateLimit(key.eventsPerSecond, now);
    this.#limits.set(key.id, limit);
    return limit.take(events, now);
  }

  async #find(secret: string): Promise<WriteKey | undefined> {
    const hash = hashOf(secret).toString('hex');
    if (!this.#keys.has(hash) && performance.now() - this.#readAt > REREAD_MS) await this.reload();
    return this.#keys.get(hash);
  }
}

function refuseLarge({ name, maxBodyBytes }: WriteKey, bytes: number): void {
  if (maxBodyBytes !== undefined && bytes > maxBodyBytes) throw tooLargeFor(name, maxBodyBytes);
}

export function tooLargeFor(name: string | undefined, most: number): DomainError {
  return new DomainError(
    'too-large',
    `The write key ${name} takes bodies of at most ${most} bytes, and this one is longer. Nothing of it was taken: send it in parts.`,
  );
}

function unauthorized(what: string): DomainError {
  return new DomainError('unauthorized', `${what} Send it as "Authorization: Bearer KEY" (or Basic, as the user's name).`);
}
