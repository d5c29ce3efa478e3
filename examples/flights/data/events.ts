/** The flights as the events that an airline would send: one when a flight leaves, one when it lands. */
import type { CloudEvent } from '@roofshot/contracts/envelope';
import { queryFlights, toTime, type FlightSource } from './flights.ts';

export interface DepartedData {
  readonly flight: string;
  readonly origin: string;
  readonly destination: string;
  /** Miles. */
  readonly distance: number;
  /** Local hour at the origin. */
  readonly hour: number;
  /** Local weekday at the origin, Monday = 0. */
  readonly weekday: number;
}

export interface LandedData {
  readonly flight: string;
  readonly origin: string;
  readonly destination: string;
  /** Miles. */
  readonly distance: number;
  /** Minutes by which the arrival was late; negative is early. */
  readonly delay: number;
}

export type FlightDeparted = CloudEvent<'flight.departed', DepartedData>;
export type FlightLanded = CloudEvent<'flight.landed', LandedData>;
export type FlightEvent = FlightDeparted | FlightLanded;

const SOURCE = '/replay/bts';

/** One row per event. The id is made of the flight's, so that sending the replay twice sends the same events. */
const EVENTS = `
  SELECT id || '#departed' AS event, 'flight.departed' AS type, departed AS time,
    id AS flight, origin, destination, distance, local_hour, local_weekday, NULL AS delay FROM flights
  UNION ALL
  SELECT id || '#landed', 'flight.landed', landed, id, origin, destination, distance, NULL, NULL, delay FROM flights
  ORDER BY time, event`;

/**
 * Both events of each flight in the order of event time, ties by id, in batches of at most 2,048. The events of a day's
 * last flights fall on the next day in UTC. DuckDB sorts within its memory limit and one batch at a time is in JavaScript.
 */
export async function* flightEventBatches(source: FlightSource): AsyncGenerator<FlightEvent[]> {
  for await (const rows of queryFlights(source, EVENTS)) yield rows.map(toEvent);
}

/** The same events one by one. */
export async function* flightEvents(source: FlightSource): AsyncGenerator<FlightEvent> {
  for await (const batch of flightEventBatches(source)) yield* batch;
}

function toEvent(row: readonly unknown[]): FlightEvent {
  const [id, type, seconds, flight, origin, destination, distance, hour, weekday, delay] = row;
  const time = toTime(seconds);
  const subject = String(flight);
  const route = { flight: subject, origin: String(origin), destination: String(destination), distance: Number(distance) };
  // It is a replay: what is known is known when it happens.
  const envelope = { specversion: '1.0', id: String(id), source: SOURCE, subject, time, knowntime: time } as const;
  if (type === 'flight.departed') return { ...envelope, type, data: { ...route, hour: Number(hour), weekday: Number(weekday) } };
  return { ...envelope, type: 'flight.landed', data: { ...route, delay: Number(delay) } };
}
