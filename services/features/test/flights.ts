/** Generated flights with their landings, and the definition of the example's features in words. */
import { DEPARTED, LANDED, type Flight } from './features-harness.ts';

/** A seeded generator (mulberry32), so that a failing case can be run again. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const AIRPORTS = ['ORD', 'DFW', 'ATL', 'LAX'];
const MINUTE = 60_000;

export interface GeneratedFlight {
  readonly id: string;
  readonly origin: string;
  readonly destination: string;
  readonly departed: number;
  readonly landed: number;
  /** When the landing became known. */
  readonly known: number;
  readonly delay: number;
  readonly distance: number;
}

/** `late`: the share of landings that become known up to two hours after they happened. */
export function generateFlights(count: number, options: { from: string; hours: number; seed: number; late?: number }): GeneratedFlight[] {
  const random = randomFrom(options.seed);
  const from = Date.parse(options.from);
  return Array.from({ length: count }, (_, i) => {
    const origin = AIRPORTS[Math.floor(random() * AIRPORTS.length)] ?? 'ORD';
    const others = AIRPORTS.filter((airport) => airport !== origin);
    const destination = others[Math.floor(random() * others.length)] ?? 'DFW';
    const departed = from + Math.floor(random() * options.hours * 60) * MINUTE;
    const landed = departed + (30 + Math.floor(random() * 120)) * MINUTE;
    const isLate = random() < (options.late ?? 0);
    const known = isLate ? landed + Math.floor(random() * 120) * MINUTE : landed;
    return { id: `F${i}`, origin, destination, departed, landed, known, delay: Math.floor(random() * 260) - 60, distance: 300 + i };
  });
}

export const iso = (time: number): string => new Date(time).toISOString();

/** In the order of known time, as ingestion would accept them. */
export function eventsOf(flights: readonly GeneratedFlight[]): Flight[] {
  const events = flights.flatMap(({ id, origin, destination, distance, delay, departed, landed, known }) => [
    {
      at: departed,
      event: { id, type: DEPARTED, time: iso(departed), data: { flight: id, origin, destination, distance, hour: 1, weekday: 2 } },
    },
    {
      at: known,
      event: { id, type: LANDED, time: iso(landed), known: iso(known), data: { flight: id, origin, destination, distance, delay } },
    },
  ]);
  return events.sort((a, b) => a.at - b.at).map(({ event }) => event);
}

const TILE = 5 * MINUTE;
const WINDOWS = { '1h': 60 * MINUTE, '3h': 180 * MINUTE, '24h': 1_440 * MINUTE };

export interface Leak {
  /** Landings of the running tile and at the very moment count too: the classic `<=` for `<`. */
  readonly untilNow?: boolean;
  /** What became known later counts too. */
  readonly unknownToo?: boolean;
}

/** The vector of the example's service at `time`, from the flights themselves, in the words of the definition. */
export function expectedVector(
  flights: readonly GeneratedFlight[],
  asked: { origin: string; destination: string; time: number },
  leak: Leak = {},
): Record<string, number | null> {
  const { origin, destination, time } = asked;
  const landings = flights.filter((flight) => leak.unknownToo === true || flight.known <= time);
  const roles: Record<string, { moments: { at: number; delay: number }[]; delays: boolean }> = {
    inbound: { moments: landings.filter((flight) => flight.destination === origin).map(landing), delays: true },
    destination: { moments: landings.filter((flight) => flight.destination === destination).map(landing), delays: true },
    outbound: {
      moments: flights.filter((flight) => flight.origin === origin).map(({ departed }) => ({ at: departed, delay: 0 })),
      delays: false,
    },
    route: {
      moments: landings.filter((flight) => flight.origin === origin && flight.destination === destination).map(landing),
      delays: true,
    },
    network: { moments: landings.map(landing), delays: true },
  };
  return Object.fromEntries(
    Object.entries(roles).flatMap(([role, { moments, delays }]) => roleValues(role, moments, { time, delays, leak })),
  );
}

const landing = ({ landed, delay }: GeneratedFlight): { at: number; delay: number } => ({ at: landed, delay });

function roleValues(
  role: string,
  moments: readonly { at: number; delay: number }[],
  asked: { time: number; delays: boolean; leak: Leak },
): [string, number | null][] {
  const end = Math.floor(asked.time / TILE) * TILE;
  return Object.entries(WINDOWS).flatMap(([window, width]) => {
    const inside = moments.filter(({ at }) => at >= end - width && (asked.leak.untilNow === true ? at <= asked.time : at < end));
    const mean = (values: readonly number[]): number | null =>
      values.length === 0 ? null : values.reduce((a, b) => a + b, 0) / values.length;
    const count: [string, number | null] = [`${role}__count_${window}`, inside.length];
    if (!asked.delays) return [count];
    const clipped = inside.map(({ delay }) => Math.min(Math.max(delay, -30), 180));
    return [
      count,
      [`${role}__mean_delay_${window}`, mean(clipped)],
      [`${role}__late_share_${window}`, mean(inside.map(({ delay }) => Number(delay > 15)))],
    ];
  });
}
