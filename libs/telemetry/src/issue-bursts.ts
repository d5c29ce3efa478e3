/** In one minute of one fingerprint: enough to see whom a failure meets, few enough for any quota. */
const MOST_PER_WINDOW = 10;
const WINDOW_MS = 60_000;
/** Fingerprints are sentences and codes of the program; where there are more, the oldest is forgotten. */
const MOST_FINGERPRINTS = 1_000;

interface Burst {
  since: number;
  sent: number;
  suppressed: number;
}

/** Lets the first issues of a burst pass and counts the others. */
export class IssueBursts {
  readonly #bursts = new Map<string, Burst>();

  /** Whether one more may pass at `now` (milliseconds): then how many did not since the last, else undefined. */
  pass(fingerprint: string, now: number): number | undefined {
    const burst = this.#of(fingerprint, now);
    if (burst.sent >= MOST_PER_WINDOW) {
      burst.suppressed += 1;
      return undefined;
    }
    const { suppressed } = burst;
    burst.sent += 1;
    burst.suppressed = 0;
    return suppressed;
  }

  #of(fingerprint: string, now: number): Burst {
    const known = this.#bursts.get(fingerprint);
    if (known !== undefined && now - known.since < WINDOW_MS) return known;
    const burst = { since: now, sent: 0, suppressed: known?.suppressed ?? 0 };
    this.#bursts.delete(fingerprint); // so that the map is in the order of the windows
    this.#bursts.set(fingerprint, burst);
    const [oldest] = this.#bursts.keys();
    if (this.#bursts.size > MOST_FINGERPRINTS && oldest !== undefined) this.#bursts.delete(oldest);
    return burst;
  }
}
