/** What was asked and what came of it, and the three questions put to both: is something lost, doubled, out of order? */

/** One thing that a user wants to have an effect, exactly once. */
export interface Send {
  /** The same however often it is sent again. */
  readonly id: string;
  /** What is sent with one key has its effects in the order in which it was first acknowledged. */
  readonly key: string;
}

export interface Verdict {
  readonly sent: number;
  readonly acknowledged: number;
  /** Different sends with an effect. */
  readonly observed: number;
  /** Acknowledged, and without effect. */
  readonly lost: number;
  /** Effects beyond the first of a send, and effects that nobody has sent for. */
  readonly doubled: number;
  /** Effects that came behind one of a later send of their key. */
  readonly outOfOrder: number;
}

/** Keeps sends in the order in which they were acknowledged. */
export class History {
  readonly #sent = new Set<string>();
  readonly #acknowledged: Send[] = [];

  /** To be called before it leaves, also when it leaves again. */
  sends(send: Send): void {
    this.#sent.add(send.id);
  }

  /** To be called when whoever takes it has said that it has it. */
  acknowledges(send: Send): void {
    this.#acknowledged.push(send);
  }

  get acknowledged(): readonly Send[] {
    return this.#acknowledged;
  }

  /** `effects`: ids, of each key in the order in which they took effect. What was sent and never acknowledged may have one. */
  judge(effects: readonly Send[]): Verdict {
    const observed = new Set(effects.map(({ id }) => id));
    const known = [...observed].filter((id) => this.#sent.has(id));
    return {
      sent: this.#sent.size,
      acknowledged: this.#acknowledged.length,
      observed: known.length,
      lost: this.#acknowledged.filter(({ id }) => !observed.has(id)).length,
      doubled: effects.length - known.length,
      outOfOrder: this.#outOfOrder(effects),
    };
  }

  /** For effects that can only be counted: how many each key has. */
  judgeCounts(counts: ReadonlyMap<string, number>): Verdict {
    const acknowledged = countByKey(this.#acknowledged);
    const keys = new Set([...acknowledged.keys(), ...counts.keys()]);
    let [lost, doubled] = [0, 0];
    for (const key of keys) {
      const missing = (acknowledged.get(key) ?? 0) - (counts.get(key) ?? 0);
      lost += Math.max(0, missing);
      doubled += Math.max(0, -missing);
    }
    const sum = this.#acknowledged.length;
    return { sent: this.#sent.size, acknowledged: sum, observed: sum - lost, lost, doubled, outOfOrder: 0 };
  }

  #outOfOrder(effects: readonly Send[]): number {
    const places = new Map(this.#acknowledged.map(({ id }, place) => [id, place]));
    const reached = new Map<string, number>();
    let count = 0;
    for (const { id, key } of effects) {
      const place = places.get(id);
      if (place === undefined) continue;
      const before = reached.get(key) ?? -1;
      if (place < before) count += 1;
      reached.set(key, Math.max(place, before));
    }
    return count;
  }
}

export function countByKey(sends: readonly Send[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { key } of sends) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

/** Of several kinds of effects, as one line of a table. */
export function sumOf(verdicts: readonly Verdict[]): Verdict {
  const sum = (of: keyof Verdict): number => verdicts.reduce((total, verdict) => total + verdict[of], 0);
  return {
    sent: sum('sent'),
    acknowledged: sum('acknowledged'),
    observed: sum('observed'),
    lost: sum('lost'),
    doubled: sum('doubled'),
    outOfOrder: sum('outOfOrder'),
  };
}
