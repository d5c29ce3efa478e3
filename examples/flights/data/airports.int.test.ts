/** The table of time zones, held against two other witnesses: the map, and the flights themselves. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { AIRPORTS, HUBS, ZONE_OF } from './airports.ts';
import { flightSeconds } from './flights.ts';
import { turnOf, type Traffic } from './turns.ts';

const DATA = join(createRequire(import.meta.url).resolve('vega-datasets'), '../../data');
const FLIGHTS = `read_parquet('${DATA}/flights-3m.parquet')`;
const JANUARY = new Date('2001-01-15T12:00:00Z');

let instance: DuckDBInstance;
let duck: DuckDBConnection;
beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:', { threads: '1', memory_limit: '512MB', autoinstall_known_extensions: 'false' });
  duck = await instance.connect();
});
afterAll(() => {
  duck.closeSync();
  instance.closeSync();
});

const rowsOf = async (query: string): Promise<unknown[][]> => (await duck.runAndReadAll(query)).getRowsJS();

/** Hours by which the clocks of a zone are ahead of UTC, told by the JavaScript engine. */
function offsetOf(zone: string, at = JANUARY): number {
  const text = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' }).format(at);
  return Number(/GMT([+-]\d+)/.exec(text)?.[1] ?? 0);
}

describe('the table of zones', () => {
  it('has every airport of the data', async () => {
    const found = await rowsOf(`SELECT DISTINCT origin FROM ${FLIGHTS} UNION SELECT DISTINCT destination FROM ${FLIGHTS}`);
    expect(found.map(([airport]) => String(airport)).toSorted()).toEqual(AIRPORTS);
  });

  it('calls those 20 hubs from which most flights left in January', async () => {
    const found = await rowsOf(
      `SELECT origin FROM ${FLIGHTS} WHERE date < DATE '2001-02-01' GROUP BY origin ORDER BY count(*) DESC LIMIT ${HUBS.length}`,
    );
    expect(found.map(([airport]) => String(airport)).toSorted()).toEqual(HUBS.toSorted());
  });
});

describe('the map', () => {
  interface Place {
    readonly airport: string;
    readonly state: string;
    readonly longitude: number;
  }
  let places: Place[];
  beforeAll(async () => {
    const rows = await rowsOf(`SELECT iata, state, longitude FROM read_csv('${DATA}/airports.csv', all_varchar = true)`);
    places = rows
      .map(([airport, state, longitude]) => ({ airport: String(airport), state: String(state), longitude: Number(longitude) }))
      .filter(({ airport }) => airport in ZONE_OF);
  });

  it('shows each airport where its clock can be: near the sun’s, Alaska behind it', () => {
    expect(places).toHaveLength(229);
    const ahead = places.map(({ airport, state, longitude }) => ({ airport, state, hours: offsetOf(ZONE_OF[airport] ?? '') - longitude / 15 }));
    // The zones of the contiguous states lie west of their meridians; Alaska keeps one time over four.
    const odd = ahead.filter(({ state, hours }) => hours < -0.6 || hours > (state === 'AK' ? 2.2 : 0.95));
    expect(odd).toEqual([]);
  });

  it('has one time in each state, but for the west of five that a boundary crosses', () => {
    const times = new Map<string, Map<number, string[]>>();
    for (const { airport, state } of places) {
      const inState = times.get(state) ?? new Map<number, string[]>();
      times.set(state, inState);
      const offset = offsetOf(ZONE_OF[airport] ?? '');
      inState.set(offset, [...(inState.get(offset) ?? []), airport].toSorted());
    }
    const crossed = [...times].filter(([, inState]) => inState.size > 1);
    const west = crossed.map(([state, inState]) => [state, inState.get(Math.min(...inState.keys()))]);
    expect(Object.fromEntries(west)).toEqual({
      FL: ['PNS', 'VPS'],
      IN: ['EVV'],
      SD: ['RAP'],
      TN: ['BNA', 'MEM'],
      TX: ['ELP'],
    });
  });
});

/**
 * Both quarters are asked: in the second, zones with and without summer time are apart. The airport's clock is tried as the
 * table says it, and an hour wrong either way.
 */
describe.each([
  {
    months: 'January to March',
    from: '2001-01-02',
    to: '2001-04-01',
    // Fewer than a thousand flights, or none; for these the map alone speaks.
    silent: 'ACY AKN BQN BRO DLG DRO EGE GST LWB MQT MTJ SJT SWF',
    // Two turns are common there, about an hour apart.
    undecided: 'CLE CVG SJU',
  },
  {
    months: 'April to June',
    from: '2001-04-02',
    to: '2001-07-01',
    silent: 'ACY BQN BRO DRO EGE GFK GUC HDN LEX MQT RAP SJT STX SUX SWF',
    undecided: 'CLE CVG MIA',
  },
])('the flights of $months', ({ from, to, silent, undecided }) => {
  const BIG = 20_000;
  const ERRORS = [0, 60, -60];
  /** Minutes that aircraft take to leave again: shorter in the provinces, longer at the big airports. The span is the hour of an error. */
  const isTurn = ({ minutes, strength }: { minutes: number; strength: number }, shortest: number): boolean =>
    strength >= 3.5 && minutes > shortest && minutes <= shortest + 60;

  interface Route {
    readonly origin: string;
    readonly destination: string;
    readonly departures: Float64Array;
    readonly landings: Float64Array;
  }
  let routes: Map<string, Route>;
  /** Airports at which no witness sees a turn, and those at which one would also see one with a wrong clock. */
  const unproven: string[] = [];
  const blind: string[] = [];
  beforeAll(async () => {
    routes = await readRoutes();
    for (const airport of AIRPORTS) {
      const [right = false, ...wrong] = ERRORS.map((error) => seesTurn(airport, error));
      if (!right) unproven.push(airport);
      else if (wrong.includes(true)) blind.push(airport);
    }
  });

  async function readRoutes(): Promise<Map<string, Route>> {
    const zones = AIRPORTS.map((airport) => `('${airport}', '${ZONE_OF[airport]}')`).join(', ');
    const rows = await rowsOf(`
      WITH zones(airport, zone) AS (VALUES ${zones}),
      flights AS (
        SELECT origin, destination, distance, epoch(timezone(zone, date)) / 60 AS departed FROM ${FLIGHTS} JOIN zones ON airport = origin
        WHERE hour(date) >= 5 AND date >= DATE '${from}' AND date < DATE '${to}'
      )
      SELECT origin, destination, any_value(distance), list(departed ORDER BY departed) FROM flights GROUP BY origin, destination`);
    return new Map(rows.map((row) => [`${String(row[0])}-${String(row[1])}`, toRoute(row)]));
  }

  function toRoute([origin, destination, distance, departed]: readonly unknown[]): Route {
    const departures = Float64Array.from(departed as readonly number[]);
    const landings = departures.map((time) => time + flightSeconds(Number(distance)) / 60);
    return { origin: String(origin), destination: String(destination), departures, landings };
  }

  /** `error`: minutes by which the airport's clock is set wrong. */
  function seesTurn(airport: string, error: number): boolean {
    const out = [...routes.values()].filter(({ origin }) => origin === airport);
    const home = [...routes.values()].filter(({ destination }) => destination === airport);
    const isBig = out.reduce((sum, { departures }) => sum + departures.length, 0) >= BIG;
    // At a big airport the weather joins everything: there its aircraft are watched where they turn, elsewhere.
    if (isBig) return isTurn(turnOf(turns(out, home, error)), 10);
    return isTurn(turnOf([everything(home, out, -error)]), 5) || isTurn(turnOf(turns(home, out, -error)), 5);
  }

  /** Aircraft that go back where they came from, route by route. */
  function turns(there: readonly Route[], back: readonly Route[], error: number): Traffic[] {
    return there.flatMap((route) => {
      const same = back.filter(({ origin, destination }) => origin === route.destination && destination === route.origin);
      return same.map(({ departures }) => ({ landings: route.landings.map((time) => time + error), departures }));
    });
  }

  function everything(home: readonly Route[], out: readonly Route[], error: number): Traffic {
    const landings = home.flatMap((route) => Array.from(route.landings, (time) => time + error));
    const departures = out.flatMap((route) => [...route.departures]);
    return { landings: Float64Array.from(landings).sort(), departures: Float64Array.from(departures).sort() };
  }

  it('leave again when an aircraft can, by the table’s clocks, wherever they are enough to tell', () => {
    expect(unproven).toEqual(silent.split(' '));
  });

  it('do not by a clock that is an hour wrong, but for three airports', () => {
    expect(blind).toEqual(undecided.split(' '));
  });
});
