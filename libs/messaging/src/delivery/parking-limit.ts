import type { Lane, Parking } from '@roofshot/storage/parking';
import type { Queryable } from '@roofshot/storage/sql';
import { PartitionStopped } from '../events/bus.ts';

const WINDOW_MS = 60_000;
/** Above either bound the fault lies in the code and not in the messages, and parking on would copy the topic. */
const MAX_KEYS = 100;
const MAX_SHARE = 0.01;
/** Below so many parked keys a share says nothing. */
const MIN_KEYS_FOR_SHARE = 20;

/** Watches how many keys a topic's reader parks, over all processes of the service, against how much it handles. */
export class ParkingLimit {
  readonly #parking: Parking;
  readonly #handled = new Map<string, Window>();
  readonly #givenUp = new Map<string, Window>();

  constructor(parking: Parking) {
    this.#parking = parking;
  }

  countHandled(topic: string, events: number): void {
    windowOf(this.#handled, topic).now += events;
  }

  /** The same for records that are given up without a key to park, as far as this process does so. */
  refuseTooManyGivenUp({ topic }: Lane, reason: string): void {
    const window = windowOf(this.#givenUp, topic);
    if (this.#isTooMany(topic, window.now + window.before + 1)) {
      throw new PartitionStopped(
        `Reading "${topic}" stands still: ${window.now + window.before} of its records went to the dead letters within two minutes, which is a fault of the code rather than of the records. ` +
          `The last failure was: ${reason}. Correct the handler and restart the service; then redrive the dead letters.`,
      );
    }
    window.now += 1;
  }

  /** Throws `PartitionStopped` when one more parked key would be too many. */
  async refuseTooMany(tx: Queryable, lane: Lane, reason: string): Promise<void> {
    const parked = (await this.#parking.countSince(tx, lane, new Date(Date.now() - WINDOW_MS))) + 1;
    if (!this.#isTooMany(lane.topic, parked)) return;
    throw new PartitionStopped(
      `Reading "${lane.topic}" stands still: ${parked - 1} of its keys were parked within a minute, which is a fault of the code rather than of the events. ` +
        `The last failure was: ${reason}. Correct the handler and restart the service; then redrive the parked keys.`,
    );
  }

  #isTooMany(topic: string, failed: number): boolean {
    const { now, before } = windowOf(this.#handled, topic);
    return failed > MAX_KEYS || (failed >= MIN_KEYS_FOR_SHARE && failed / (failed + now + before) > MAX_SHARE);
  }
}

/** What happened since then, and in the minute before: together at least a minute of it. */
interface Window {
  since: number;
  now: number;
  before: number;
}

function windowOf(windows: Map<string, Window>, topic: string): Window {
  const window = windows.get(topic) ?? { since: Date.now(), now: 0, before: 0 };
  windows.set(topic, window);
  const age = Date.now() - window.since;
  if (age >= WINDOW_MS) Object.assign(window, { since: Date.now(), before: age < 2 * WINDOW_MS ? window.now : 0, now: 0 });
  return window;
}
