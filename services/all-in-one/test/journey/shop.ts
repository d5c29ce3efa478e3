/** A shop that can be computed: who orders what when, and who sends it back. The same in every run. */

export interface ShopEvent {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: '/shop';
  readonly type: 'order.placed' | 'order.settled';
  readonly subject: string;
  readonly time: string;
  readonly knowntime: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export const START = Date.parse('2020-05-01T00:00:00Z');
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
const CUSTOMERS = 40;
const EVERY_MS = 40_000;
const SETTLES_AFTER = HOUR;

/** Numbers in [0, 1) from a seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Orders of `days` days, one in 40 s: every fourth customer sends most back, the others little. In the order of time. */
export function shopEvents(days: number): ShopEvent[] {
  const random = randomFrom(20200501);
  const events: ShopEvent[] = [];
  for (let at = START, number = 0; at < START + days * DAY; at += EVERY_MS, number += 1) {
    const customer = Math.floor(random() * CUSTOMERS);
    const returned = random() < (customer % 4 === 0 ? 0.8 : 0.1);
    const order = `o${number}`;
    events.push(event('order.placed', order, at, { order, customer: `c${customer}`, amount: Math.round(random() * 10_000) / 100 }));
    events.push(event('order.settled', order, at + SETTLES_AFTER, { order, customer: `c${customer}`, returned }));
  }
  return events.sort((a, b) => (a.time === b.time ? 0 : a.time < b.time ? -1 : 1));
}

function event(type: ShopEvent['type'], order: string, at: number, data: Readonly<Record<string, unknown>>): ShopEvent {
  const time = new Date(at).toISOString();
  return { specversion: '1.0', id: `${order}#${type}`, source: '/shop', type, subject: order, time, knowntime: time, data };
}
