/** What an outbox has sent a second time lies on the log twice, and counts once for all who read the log themselves. */
import { readLog } from '../src/read-log.ts';
import { exampleResources, FeaturesHarness, recordOf } from './features-harness.ts';
import { eventsOf, expectedVector, generateFlights } from './flights.ts';

const flights = generateFlights(1_500, { from: '2001-01-15T00:00:00Z', hours: 20, seed: 22 });
const END = '2001-01-16T00:00:00Z';
const asked = { entities: { origin: 'ORD', destination: 'LAX' }, context: { hour: 1, weekday: 1, distance: 1 }, asOf: END };

let harness: FeaturesHarness;
beforeAll(async () => {
  harness = await FeaturesHarness.start();
}, 60_000);
afterAll(() => harness.stop());

test('a view that catches up with the log, and a reader of the whole log, count records that were sent again once', async () => {
  const records = eventsOf(flights).map((event, index) => {
    const record = recordOf(event);
    // One stream for each key: its records keep their order, as those of a partition do in an outbox.
    return { ...record, headers: { ...record.headers, 'roofshot-origin': `outbox/${record.key}`, 'roofshot-sequence': String(index + 1) } };
  });
  for (let from = 0; from < records.length; from += 400) {
    const batch = records.slice(from, from + 400);
    await harness.bus.publish(batch);
    await harness.bus.publish(batch.slice(0, 250)); // the answer of the broker was lost, and the relay died in its next try
    await harness.bus.publish(batch);
  }
  await harness.progress(END);
  await harness.apply(exampleResources('features.yaml'));
  await harness.reach(END);
  const [vector] = await harness.read([asked]);
  const expected = expectedVector(flights, { origin: 'ORD', destination: 'LAX', time: Date.parse(END) });
  expect(vector?.values).toEqual({ ...expected, hour: 1, weekday: 1, distance: 1 });

  const seen: string[] = [];
  for (const topic of new Set(records.map((record) => record.topic))) await readLog(harness.bus, topic, ({ id }) => seen.push(id));
  expect(seen).toHaveLength(records.length);
  expect(new Set(seen).size).toBe(records.length);
}, 60_000);
