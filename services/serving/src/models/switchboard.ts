/**
 * Which version answers under which alias. When an alias moves, the new version is fetched, loaded and warmed while the old one goes
 * on answering; then the two change places in one assignment. What runs on the old one ends on it. A version that cannot be loaded
 * leaves the old one answering, is told in the state, and is tried again.
 */
import type { Signal } from '@roofshot/runtime/signal';
import { failureLevel } from '@roofshot/storage/failure-level';
import type { Logger } from '@roofshot/telemetry/logger';
import { metrics } from '../metrics.ts';
import type { LoadedVersion, LoadedVersions } from './loaded-versions.ts';
import type { AliasTarget, KnownVersion, ModelCatalogue } from './model-catalogue.ts';

export interface AliasName {
  readonly model: string;
  readonly alias: string;
}

/** An alias answers with another version from now on. */
export interface Switch extends AliasName {
  readonly version: number | null;
  readonly revision: number;
  /** From hearing of the move to the first question that the new version could answer. */
  readonly milliseconds: number;
}

interface Slot extends AliasName {
  current: LoadedVersion | undefined;
  /** Of the move that `current` follows from. */
  revision: number;
  /** When the newest move that is not followed yet was heard of. */
  heard: { readonly revision: number; readonly at: number } | undefined;
  failure: string | undefined;
  retry: NodeJS.Timeout | undefined;
  pause: number;
  isFollowing: boolean;
  /** Ends when the slot stands still. */
  followed: Promise<void>;
  isDropped: boolean;
}

export interface SwitchboardOptions {
  readonly catalogue: ModelCatalogue;
  readonly versions: LoadedVersions;
  /** Told of each change of what answers. */
  readonly changed: Signal;
  readonly onSwitched: (switched: Switch) => void;
  readonly log: Logger;
}

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

export class Switchboard {
  readonly #options: SwitchboardOptions;
  readonly #slots = new Map<string, Slot>();

  constructor(options: SwitchboardOptions) {
    this.#options = options;
  }

  /** The aliases that deployments name now: loads what is new, releases what is not needed any more. */
  want(aliases: readonly AliasName[]): void {
    const wanted = new Map(aliases.map((name) => [keyOf(name), name]));
    for (const [key, slot] of this.#slots) if (!wanted.has(key)) this.#dropSlot(key, slot);
    for (const [key, name] of wanted) if (!this.#slots.has(key)) this.#addSlot(key, name);
  }

  /** An alias may have moved. */
  aliasMoved(name: AliasName): void {
    const slot = this.#slots.get(keyOf(name));
    if (slot !== undefined) this.#follow(slot);
  }

  /** What answers under the alias now. Use it in the same turn: later it may have been released. */
  current(name: AliasName): LoadedVersion | undefined {
    return this.#slots.get(keyOf(name))?.current;
  }

  /** The newest move of the alias that has been followed; 0: none. */
  revision(name: AliasName): number {
    return this.#slots.get(keyOf(name))?.revision ?? 0;
  }

  /** Why the alias does not answer with what it names; undefined when it does. */
  failure(name: AliasName): string | undefined {
    return this.#slots.get(keyOf(name))?.failure;
  }

  /** No first load is under way: every alias answers, is unset, or has failed and says why. */
  get isSettled(): boolean {
    return [...this.#slots.values()].every((slot) => !slot.isFollowing || slot.current !== undefined || slot.failure !== undefined);
  }

  async close(): Promise<void> {
    const slots = [...this.#slots.values()];
    this.want([]);
    await Promise.all(slots.map(({ followed }) => followed));
  }

  #addSlot(key: string, { model, alias }: AliasName): void {
    const slot: Slot = {
      model,
      alias,
      current: undefined,
      revision: 0,
      heard: undefined,
      failure: undefined,
      retry: undefined,
      pause: FIRST_PAUSE_MS,
      isFollowing: false,
      followed: Promise.resolve(),
      isDropped: false,
    };
    this.#slots.set(key, slot);
    this.#follow(slot);
  }

  #dropSlot(key: string, slot: Slot): void {
    this.#slots.delete(key);
    slot.isDropped = true;
    clearTimeout(slot.retry);
    this.#replace(slot, undefined);
  }

  #follow(slot: Slot): void {
    const target = this.#options.catalogue.alias(slot.model, slot.alias);
    if (target === undefined || target.revision === slot.revision) return;
    if (slot.heard?.revision !== target.revision) slot.heard = { revision: target.revision, at: performance.now() };
    clearTimeout(slot.retry);
    if (slot.isFollowing) return; // it looks at the newest move again before it ends
    slot.isFollowing = true;
    slot.followed = this.#catchUp(slot);
  }

  /** One switch after the other; moves that were overtaken while a version was loaded are passed over. */
  async #catchUp(slot: Slot): Promise<void> {
    while (!slot.isDropped) {
      const target = this.#options.catalogue.alias(slot.model, slot.alias);
      if (target === undefined || target.revision === slot.revision) break;
      const isFollowed = await this.#switchTo(slot, target);
      const isNewest = this.#options.catalogue.alias(slot.model, slot.alias) === target;
      if (!isFollowed && isNewest) {
        this.#retryLater(slot);
        break;
      }
    }
    slot.isFollowing = false;
  }

  async #switchTo(slot: Slot, { version, revision }: AliasTarget): Promise<boolean> {
    try {
      const next = version === null ? undefined : await this.#options.versions.acquire(version);
      this.#complete(slot, next, revision);
      return true;
    } catch (error) {
      this.#fail(slot, version, error);
      return false;
    }
  }

  #complete(slot: Slot, next: LoadedVersion | undefined, revision: number): void {
    if (slot.isDropped) return this.#giveBack(next);
    slot.revision = revision;
    slot.failure = undefined;
    slot.pause = FIRST_PAUSE_MS;
    const { model, alias, heard } = slot;
    this.#replace(slot, next);
    const milliseconds = heard?.revision === revision ? performance.now() - heard.at : 0;
    metrics['versions.switched']();
    this.#options.log.info('An alias answers with another version.', {
      'labels.model': model,
      'labels.alias': alias,
      'labels.version': next?.version,
    });
    this.#options.changed.changed();
    this.#options.onSwitched({ model, alias, version: next?.version ?? null, revision, milliseconds });
  }

  #replace(slot: Slot, next: LoadedVersion | undefined): void {
    const previous = slot.current;
    slot.current = next;
    this.#giveBack(previous);
  }

  #giveBack(version: LoadedVersion | undefined): void {
    if (version === undefined) return;
    this.#options.versions
      .release(version)
      .catch((error: unknown) =>
        this.#options.log[failureLevel(error)]('A version could not be released; its memory stays taken.', { error }),
      );
  }

  #fail(slot: Slot, version: KnownVersion | null, error: unknown): void {
    slot.failure = error instanceof Error ? error.message : String(error);
    metrics['versions.failed']();
    this.#options.log[failureLevel(error)](
      'A version could not be loaded; what answered before goes on answering, and it is tried again.',
      {
        'labels.model': slot.model,
        'labels.alias': slot.alias,
        'labels.version': version?.version,
        error,
      },
    );
    this.#options.changed.changed();
  }

  #retryLater(slot: Slot): void {
    slot.retry = setTimeout(() => this.#follow(slot), slot.pause);
    slot.retry.unref();
    slot.pause = Math.min(slot.pause * 2, LONGEST_PAUSE_MS);
  }
}

const keyOf = ({ model, alias }: AliasName): string => `${model}/${alias}`;
