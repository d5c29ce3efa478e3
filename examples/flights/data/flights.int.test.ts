import { readFlights, flightSeconds, type DayRange, type Flight, type FlightSource } from './flights.ts';
import { AIRPORTS, HUBS, ZONE_OF } from './airports.ts';

async function gather(source: FlightSource): Promise<Flight[]> {
  const flights: Flight[] = [];
  for await (const batch of readFlights(source)) flights.push(...batch);
  return flights;
}

const range = (first: string, last = first): readonly DayRange[] => [{ first, last }];

/** Local date, hour and weekday at an airport, told by the JavaScript engine's own zone rules. */
function localTime(time: string, airport: string): { minute: string; hour: number; weekday: number } {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone: ZONE_OF[airport] ?? 'none',
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    weekday: 'short',
  }).formatToParts(new Date(time));
  const part = (type: string): string => parts.find((each) => each.type === type)?.value ?? '';
  const weekday = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'].indexOf(part('weekday'));
  return { minute: `${part('year')}${part('month')}${part('day')}T${part('hour')}${part('minute')}`, hour: Number(part('hour')), weekday };
}

describe('the flights between hubs', () => {
  let threeWeeks: Flight[];
  beforeAll(async () => {
    threeWeeks = await gather({ days: range('2001-01-01', '2001-01-21') });
  });

  const between = (first: string, last: string): number => threeWeeks.filter(({ id }) => id >= first && id < `${last}U`).length;

  it('are 82,604 in the first three weeks of 2001, by local date', () => {
    expect(threeWeeks).toHaveLength(82_604);
    expect(between('20010102', '20010114')).toBe(51_633);
    expect(between('20010115', '20010121')).toBe(27_236);
  });

  it('stay in the closed network of 20 hubs and leave the hours before 5 out', () => {
    const airports = new Set(threeWeeks.flatMap(({ origin, destination }) => [origin, destination]));
    expect([...airports].toSorted()).toEqual(HUBS.toSorted());
    expect(Math.min(...threeWeeks.map(({ localHour }) => localHour))).toBe(5);
  });

  it('have ids of their own, counted where minute and route are the same', () => {
    expect(new Set(threeWeeks.map(({ id }) => id)).size).toBe(threeWeeks.length);
    const twins = threeWeeks.filter(({ id }) => id.endsWith('-1'));
    expect(twins.length).toBeGreaterThan(0);
    const ids = new Set(threeWeeks.map(({ id }) => id));
    expect(twins.filter(({ id }) => !ids.has(id.replace(/-1$/, '-0')))).toEqual([]);
  });

  it('depart at the local minute of their id, in the origin’s zone', () => {
    const sample = threeWeeks.filter((_, index) => index % 50 === 0);
    expect(new Set(sample.map(({ origin }) => origin)).size).toBe(20);
    for (const flight of sample) {
      const local = localTime(flight.departed, flight.origin);
      expect(flight.id.slice(0, 13)).toBe(local.minute);
      expect([flight.localHour, flight.localWeekday]).toEqual([local.hour, local.weekday]);
    }
  });

  it('land half an hour plus their miles at 450 miles an hour later', () => {
    expect(flightSeconds(450)).toBe(30 * 60 + 3600);
    for (const { departed, landed, distance } of threeWeeks.slice(0, 500)) {
      expect((Date.parse(landed) - Date.parse(departed)) / 1000).toBe(30 * 60 + (distance / 7.5) * 60);
    }
  });

  it('follow summer time where the airport does', async () => {
    const day = await gather({ days: range('2001-04-02') });
    const offset = (airport: string): number => {
      const flight = day.find(({ origin }) => origin === airport);
      return flight === undefined ? Number.NaN : new Date(flight.departed).getUTCHours() - flight.localHour;
    };
    expect([offset('ATL'), offset('PHX'), offset('LAX')]).toEqual([4, 7, 7]);
    for (const flight of day.filter((_, index) => index % 50 === 0)) {
      expect(flight.id.slice(0, 13)).toBe(localTime(flight.departed, flight.origin).minute);
    }
  });

  it('can be chosen by several ranges, which do not count twice where they overlap', async () => {
    const [alone, both] = [await gather({ days: range('2001-01-28') }), await gather({ days: range('2001-01-28', '2001-01-29') })];
    expect(both.length).toBeGreaterThan(alone.length);
    expect(await gather({ days: [...range('2001-01-28'), ...range('2001-01-29'), ...range('2001-01-28', '2001-01-29')] })).toEqual(both);
  });
});

describe('the flights of the whole network', () => {
  it('are 113,035 in the third week, four times those of the hubs among them', async () => {
    const week = range('2001-01-15', '2001-01-21');
    const all = await gather({ days: week, airports: AIRPORTS });
    expect(all).toHaveLength(113_035);
    const hubs = new Set(HUBS);
    const between = all.filter(({ origin, destination }) => hubs.has(origin) && hubs.has(destination));
    expect(between).toEqual(await gather({ days: week }));
  });

  it('depart at the local minute of their id in every zone', async () => {
    const all = await gather({ days: range('2001-01-15'), airports: AIRPORTS });
    const first = new Map(all.map((flight) => [flight.origin, flight]));
    for (const flight of first.values()) expect(flight.id.slice(0, 13)).toBe(localTime(flight.departed, flight.origin).minute);
    expect(new Set([...first.keys()].map((airport) => ZONE_OF[airport])).size).toBe(12);
  });
});

describe('permuted delays', () => {
  const days = range('2001-01-15');
  const delays = (flights: Flight[]): number[] => flights.map(({ delay }) => delay);

  it('are the same delays at other flights, the same for one seed', async () => {
    const [plain, once, again, other] = [
      await gather({ days }),
      await gather({ days, permute: 1 }),
      await gather({ days, permute: 1 }),
      await gather({ days, permute: 2 }),
    ];
    expect(once).toEqual(again);
    expect(delays(once)).not.toEqual(delays(plain));
    expect(delays(once)).not.toEqual(delays(other));
    expect(delays(once).toSorted((a, b) => a - b)).toEqual(delays(plain).toSorted((a, b) => a - b));
    expect(once.map((flight) => ({ ...flight, delay: 0 }))).toEqual(plain.map((flight) => ({ ...flight, delay: 0 })));
  });
});

describe('a faulty choice', () => {
  it.each<[string, FlightSource, RegExp]>([
    ['a day that does not exist', { days: range('2001-02-30') }, /"2001-02-30" is not a day/],
    ['a range that runs backwards', { days: range('2001-01-02', '2001-01-01') }, /run backwards/],
    ['no days', { days: [] }, /No days are chosen/],
    ['days outside the data', { days: range('2003-01-01') }, /No flight departs in 2003-01-01 to 2003-01-01/],
    ['an airport that the data do not have', { days: range('2001-01-01'), airports: ['ORD', 'XXX'] }, /no airport "XXX"/],
    ['a seed that is no whole number', { days: range('2001-01-01'), permute: 0.5 }, /not a whole number/],
    ['a file that is not there', { days: range('2001-01-01'), file: '/nowhere/flights.parquet' }, /Run npm ci/],
  ])('of %s is named', async (_, source, said) => {
    await expect(gather(source)).rejects.toThrow(said);
  });
});
