import { flightEventBatches, flightEvents, type FlightEvent } from './events.ts';
import type { FlightSource } from './flights.ts';

const DAY: FlightSource = { days: [{ first: '2001-01-15', last: '2001-01-15' }] };

async function gather(source: FlightSource): Promise<FlightEvent[]> {
  const events: FlightEvent[] = [];
  for await (const event of flightEvents(source)) events.push(event);
  return events;
}

describe('the events of the flights', () => {
  let events: FlightEvent[];
  beforeAll(async () => {
    events = await gather(DAY);
  });

  it('are a departure and, later, a landing for each flight', () => {
    const departed = new Map(events.flatMap((event) => (event.type === 'flight.departed' ? [[event.data.flight, event]] : [])));
    const landed = events.filter((event) => event.type === 'flight.landed');
    expect(landed).toHaveLength(departed.size);
    expect(departed.size * 2).toBe(events.length);
    for (const event of landed) {
      const departure = departed.get(event.data.flight);
      expect(departure?.data).toMatchObject({
        origin: event.data.origin,
        destination: event.data.destination,
        distance: event.data.distance,
      });
      expect(Date.parse(event.time)).toBeGreaterThan(Date.parse(departure?.time ?? ''));
    }
  });

  it('come in the order of event time, ties by id', () => {
    const keys = events.map(({ time, id }) => `${time} ${id}`);
    expect(keys).toEqual(keys.toSorted());
    expect(new Set(events.map(({ time }) => time)).size).toBeLessThan(events.length);
  });

  it('are CloudEvents that carry their own known time', () => {
    expect(events[0]).toEqual({
      specversion: '1.0',
      id: `${events[0]?.subject}#departed`,
      source: '/replay/bts',
      type: 'flight.departed',
      subject: events[0]?.data.flight,
      time: events[0]?.time,
      knowntime: events[0]?.time,
      data: {
        flight: expect.stringMatching(/^20010115T05\d\d-[A-Z]{3}-[A-Z]{3}-\d$/),
        origin: expect.any(String),
        destination: expect.any(String),
        distance: expect.any(Number),
        hour: 5,
        weekday: 0,
      },
    });
  });

  it('say the delay at the landing and not before', () => {
    expect(events.filter((event) => 'delay' in event.data !== (event.type === 'flight.landed'))).toEqual([]);
  });

  it('fall on the next day in UTC for the last flights of a local day', () => {
    expect(events.at(0)?.time.slice(0, 10)).toBe('2001-01-15');
    expect(events.at(-1)?.time.slice(0, 10)).toBe('2001-01-16');
  });

  it('keep their order and ids when the delays are permuted', async () => {
    const permuted = await gather({ ...DAY, permute: 7 });
    expect(permuted.map(({ id, time }) => [id, time])).toEqual(events.map(({ id, time }) => [id, time]));
    expect(permuted).not.toEqual(events);
  });

  it('come in batches, and reading may stop after any of them', async () => {
    let largest = 0;
    for await (const batch of flightEventBatches({ days: [{ first: '2001-01-01', last: '2001-01-21' }] })) {
      largest = Math.max(largest, batch.length);
      break;
    }
    expect(largest).toBeGreaterThan(0);
    expect(largest).toBeLessThanOrEqual(2048);
  });
});
