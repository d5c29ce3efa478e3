/**
 * The flights of the example: real departures between US airports in 2001, from the npm package `vega-datasets`
 * (on-time reports of the US Bureau of Transportation Statistics).
 *
 * What the rows mean is not what their names say: `date` is the actual departure in the origin's local time, `delay` the
 * delay of the arrival in minutes (negative is early). Neither the schedule nor the landing is in the data.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { HUBS, ZONE_OF } from './airports.ts';

/** Local days from `first` to `last`, both included: `2001-01-21`. */
export interface DayRange {
  readonly first: string;
  readonly last: string;
}

export interface FlightSource {
  readonly days: readonly DayRange[];
  /** A closed network: flights between these airports and no others. Default: the 20 hubs. */
  readonly airports?: readonly string[];
  /** Default: the file of the installed package. */
  readonly file?: string;
  /** Gives the delays of all chosen flights to other flights, drawn with this seed: nothing is left to learn. */
  readonly permute?: number;
}

export interface Flight {
  /** `20010115T0930-ORD-LGA-0`; the last number counts flights of one minute and route, in the file's order. */
  readonly id: string;
  readonly origin: string;
  readonly destination: string;
  /** Miles. */
  readonly distance: number;
  /** Minutes by which the arrival was late; negative is early. */
  readonly delay: number;
  /** RFC 3339, UTC. */
  readonly departed: string;
  /** RFC 3339, UTC; estimated. */
  readonly landed: string;
  /** 5–23, at the origin. */
  readonly localHour: number;
  /** Monday = 0, at the origin. */
  readonly localWeekday: number;
}

/**
 * Before 5 o'clock most rows are flights delayed past midnight that kept the date of their schedule, so they are stamped
 * a day too early. They cannot be told from the few real ones.
 */
const FIRST_HOUR = 5;
/** Taxi, climb and approach in seconds, and seconds per mile (450 miles an hour): the block time is not in the data. */
const GROUND_SECONDS = 1800;
const SECONDS_PER_MILE = 8;

/** Flights in the file's order, in batches of at most 2,048. Throws when the file is missing or no flight is chosen. */
export async function* readFlights(source: FlightSource): AsyncGenerator<Flight[]> {
  const columns = 'id, origin, destination, distance, delay, departed, landed, local_hour, local_weekday';
  for await (const rows of queryFlights(source, `SELECT ${columns} FROM flights ORDER BY place`)) yield rows.map(toFlight);
}

/** Rows of a query over the table `flights`, in batches. One thread and a bounded memory: it runs beside a whole platform. */
export async function* queryFlights(source: FlightSource, query: string): AsyncGenerator<unknown[][]> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: '1',
    memory_limit: '512MB', // half a year of hub flights or three weeks of all flights sort in it
    temp_directory: '', // and nothing is spilled into the working folder
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  const connection = await instance.connect();
  try {
    const result = await connection.stream(`${flightsTable(source)} ${query}`);
    let found = false;
    for await (const rows of result.yieldRowsJs()) {
      found ||= rows.length > 0;
      if (rows.length > 0) yield rows;
    }
    if (!found)
      throw new Error(`No flight departs in ${daysOf(source.days)}: the file holds 1 January to 30 June 2001. Choose days in it.`);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** Seconds from leaving the gate to landing, estimated from miles. */
export function flightSeconds(distance: number): number {
  return GROUND_SECONDS + SECONDS_PER_MILE * distance;
}

/** The opening of a query: the chosen flights as the table `flights`, times as epoch seconds. */
function flightsTable(source: FlightSource): string {
  const zones = (source.airports ?? HUBS).map((airport) => `('${airport}', '${zoneOf(airport)}')`);
  return `
    WITH network(airport, zone) AS (VALUES ${zones.join(', ')}),
    chosen AS (
      SELECT file_row_number AS place, date, origin, destination, distance::INTEGER AS distance, delay::INTEGER AS delay,
        epoch(timezone(zone, date)) AS departed,
        row_number() OVER (PARTITION BY date, origin, destination ORDER BY file_row_number) - 1 AS k
      FROM read_parquet('${fileOf(source).replaceAll("'", "''")}', file_row_number = true)
      JOIN network ON airport = origin
      WHERE destination IN (SELECT airport FROM network) AND hour(date) >= ${FIRST_HOUR} AND (${dayFilter(source.days)})
    ),
    ${delaysTable(source.permute)},
    flights AS (
      SELECT place, strftime(date, '%Y%m%dT%H%M') || '-' || origin || '-' || destination || '-' || k AS id,
        origin, destination, distance, delays.delay, departed,
        departed + ${GROUND_SECONDS} + ${SECONDS_PER_MILE} * distance AS landed,
        hour(date)::INTEGER AS local_hour, (isodow(date) - 1)::INTEGER AS local_weekday
      FROM chosen JOIN delays USING (place)
    )`;
}

function zoneOf(airport: string): string {
  const zone = ZONE_OF[airport];
  if (zone === undefined) throw new RangeError(`The data have no airport ${JSON.stringify(airport)}. Choose among those of airports.ts.`);
  return zone;
}

/** Which delay belongs to which row: its own, or with a seed the one at its row's rank in a shuffled order. */
function delaysTable(permute: number | undefined): string {
  if (permute === undefined) return 'delays AS (SELECT place, delay FROM chosen)';
  if (!Number.isSafeInteger(permute)) throw new RangeError(`The seed ${permute} of the permutation is not a whole number. Give one.`);
  return `
    ranked AS (SELECT place, row_number() OVER (ORDER BY place) AS rank FROM chosen),
    shuffled AS (SELECT delay, row_number() OVER (ORDER BY md5('${permute}:' || place)) AS rank FROM chosen),
    delays AS (SELECT place, delay FROM ranked JOIN shuffled USING (rank))`;
}

function dayFilter(days: readonly DayRange[]): string {
  if (days.length === 0) throw new RangeError('No days are chosen. Give at least one range { first, last }.');
  return days.map((range) => `(date >= DATE '${dayOf(range.first)}' AND date < DATE '${dayAfter(range)}')`).join(' OR ');
}

function dayAfter(range: DayRange): string {
  if (dayOf(range.last) < dayOf(range.first)) throw new RangeError(`The days ${range.first} to ${range.last} run backwards. Swap them.`);
  return new Date(Date.parse(range.last) + 24 * 3600 * 1000).toISOString().slice(0, 10);
}

function dayOf(text: string): string {
  const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== text) {
    throw new RangeError(`${JSON.stringify(text)} is not a day. Write it like 2001-01-21.`);
  }
  return text;
}

const daysOf = (days: readonly DayRange[]): string => days.map(({ first, last }) => `${first} to ${last}`).join(', ');

function fileOf(source: FlightSource): string {
  const file = source.file ?? join(createRequire(import.meta.url).resolve('vega-datasets'), '../../data/flights-3m.parquet');
  if (!existsSync(file)) throw new Error(`The flights are not at ${file}: the package vega-datasets is not whole. Run npm ci.`);
  return file;
}

function toFlight(row: readonly unknown[]): Flight {
  const [id, origin, destination, distance, delay, departed, landed, localHour, localWeekday] = row;
  return {
    id: String(id),
    origin: String(origin),
    destination: String(destination),
    distance: Number(distance),
    delay: Number(delay),
    departed: toTime(departed),
    landed: toTime(landed),
    localHour: Number(localHour),
    localWeekday: Number(localWeekday),
  };
}

/** Epoch seconds to RFC 3339 in UTC; every time in the data falls on a whole second. */
export function toTime(seconds: unknown): string {
  return new Date(Number(seconds) * 1000).toISOString().replace('.000Z', 'Z');
}
