/** The example's features at one moment, for what Feast's client asks of them: the same here and when its requests were recorded. */
import { exampleResources, FeaturesHarness } from '../features-harness.ts';
import { eventsOf, expectedVector, generateFlights, iso } from '../flights.ts';

export const flights = generateFlights(400, { from: '2001-01-15T00:00:00Z', hours: 30, seed: 7 });
/** The moment at which everything is asked: the middle of a tile. */
export const NOW = Date.parse('2001-01-16T02:02:30Z');

export async function startGround(): Promise<FeaturesHarness> {
  const harness = await FeaturesHarness.start({ clock: () => NOW });
  const applied = await harness.apply(exampleResources('features.yaml'));
  if (applied.status !== 200) throw new Error(JSON.stringify(applied.body));
  await harness.accept(eventsOf(flights).filter(({ known, time }) => Date.parse(known ?? time) < NOW));
  await harness.progress(iso(NOW));
  await harness.reach(iso(NOW));
  return harness;
}

/** `<role>__<feature>_<window>` of the example's service, from the flights themselves. */
export const expected = (origin: string, destination = 'LAX'): Record<string, number | null> =>
  expectedVector(
    flights.filter(({ departed }) => departed < NOW),
    { origin, destination, time: NOW },
  );
