/** Generated events that try what windows may get wrong; the same seed gives the same events. */
import { createHash } from 'node:crypto';
import type { WindowEvent } from './window-spec.ts';

/** Long after the epoch, before which Kafka Streams has no windows. A multiple of many lengths, so that events meet boundaries. */
const BEGIN = Date.parse('2026-03-01T00:00:00Z');
const KEYS = ['ORD', 'LAX', 'a key, with "marks"', 'ключ'];
/** From where one event lies to where the next one does: mostly small steps, back as well as on; exactly a length; and long gaps. */
const SMALL = [0, 0, 1, -1, 7, -7, 100, -90, 1_000, -1_000, 1_001, -999, 2_500] as const;
const LARGE = [10_000, -9_999, 10_001, -10_000, 60_000, -60_000, 250_000] as const;
/** What is huge has few digits, so that its millionths are exact as a double, too. */
const SCALES = [1, 1, 0.5, 1_000, 1e12] as const;

/** `count` events in the order of their arrival: out of order, repeated, at equal times, with gaps, negative and huge. */
export function generateEvents(count: number, seed: number): WindowEvent[] {
  const pick = pickerFrom(seed);
  const events: WindowEvent[] = [];
  let time = BEGIN;
  while (events.length < count) {
    time = Math.max(BEGIN, time + oneOf(pick(5) === 0 ? LARGE : SMALL, pick));
    const again = pick(10) === 0 ? events.at(-1 - pick(5)) : undefined;
    events.push(again ?? { key: oneOf(KEYS, pick), time, value: valueOf(pick) });
  }
  return events;
}

function valueOf(pick: Picker): number {
  if (pick(8) === 0) return (pick(2_000_001) - 1_000_000) / 1_000_000;
  return (pick(2_001) - 1_000) * oneOf(SCALES, pick);
}

/** A whole number from 0 to below the limit. */
type Picker = (limit: number) => number;

function pickerFrom(seed: number): Picker {
  let drawn = 0;
  return (limit) => {
    drawn += 1;
    return createHash('sha256').update(`${seed} ${drawn}`).digest().readUInt32BE() % limit;
  };
}

function oneOf<T>(items: readonly T[], pick: Picker): T {
  return items[pick(items.length)] as T;
}
