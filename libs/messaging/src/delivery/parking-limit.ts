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
  readonly #handled = new Map<string, { since: number; now: number; before: number }>();

  constructor(parking: Parking) {
    this.#parking = parking;
  }

  countHandled(topic: string, events: number): void {
    this.#windowOf(topic).now += events;
  }

  /** Throws `PartitionStopped` when one more parked key would be too many. */
  async refuseTooMany(tx: Queryable, lane: Lane, reason: string): Promise<void> {
    const parked = (await this.#parking.countSince(tx, lane, new Date(Date.now() - WINDOW_MS))) + 1;
    const { now, before } = this.#windowOf(lane.topic);
    const share = parked / (parked + now + before);
    if (parked <= MAX_KEYS && !(parked >= MIN_KEYS_FOR_SHARE && share > MAX_SHARE)) return;
    throw new PartitionStopped(
      `Reading "${lane.topic}" stands still: ${parked - 1} of its keys were parked within a minute, which is a fault of the code rather than of the events. ` +
        `The last failure was: ${reason}. Correct the handler and restart the service; then redrive the parked keys.`,
    );
  }

  /** Handled events of this window and the one before it, so at least a minute of them. */
  #windowOf(topic: string): { since: number; now: number; before: number } {
    const window = this.#handled.get(topic) ?? { since: Date.now(), now: 0, before: 0 };
    this.#handled.set(topic, window);
    const age = Date.now() - window.since;
    if (age >= WINDOW_MS) Object.assign(window, { since: Date.now(), before: age < 2 * WINDOW_MS ? window.now : 0, now: 0 });
    return window;
  }
}
