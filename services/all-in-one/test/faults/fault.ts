/** What can happen to a platform under load. */
import type { Load } from './load.ts';
import type { FaultPlatform, Ground } from './platform.ts';

export interface Scene {
  readonly platform: FaultPlatform;
  readonly load: Load;
  /** How long what lasts is to last: a frozen process, a cut cable. */
  readonly lastsMs: number;
}

export interface Fault {
  readonly name: string;
  readonly grounds: readonly Ground[];
  /** Where `npm test` tries it, too, which has six minutes for all of them. */
  readonly short: readonly Ground[];
  /** Needs small disks; left out, and said so, where none can be mounted. */
  readonly needsDisks?: boolean;
  /** Does it and undoes it: all that was ended has been started again. Answers when it struck, in epoch milliseconds. */
  strike(scene: Scene): Promise<number>;
}

export const BOTH: readonly Ground[] = ['brokers', 'embedded'];
export const BROKERS: readonly Ground[] = ['brokers'];
export const EMBEDDED: readonly Ground[] = ['embedded'];
export const NOWHERE: readonly Ground[] = [];
