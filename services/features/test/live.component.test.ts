import { SettableClock } from '@roofshot/testing/clock';
import { LANDED, exampleResources, FeaturesHarness, type Flight } from './features-harness.ts';

const NOON = Date.parse('2001-01-15T12:00:00Z');

function landing(id: string, minutesAgo: number, delay: unknown): Flight {
  const time = new Date(NOON - minutesAgo * 60_000).toISOString();
  return { id, type: LANDED, time, data: { flight: id, origin: 'ORD', destination: 'LAX', distance: 10, delay } };
}

describe('features of a live source', () => {
  let harness: FeaturesHarness;
  const clock = new SettableClock(NOON);
  const question = { entities: { origin: 'LAX', destination: 'LAX' }, context: { hour: 1, weekday: 1, distance: 1 } };

  beforeAll(async () => {
    harness = await FeaturesHarness.start({ clock: clock.now, importer: false });
    await harness.apply(exampleResources('features.yaml'));
  });
  afterAll(() => harness.stop());

  test('while nothing happens, what ingestion says of it is the progress, and it goes on with that', async () => {
    await harness.accept([landing('F1', 10, 20)]);
    await harness.progress('2001-01-15T11:59:00Z');
    await harness.quiet('2001-01-15T11:59:00Z', '2001-01-15T12:00:00Z');
    await harness.reach('2001-01-15T12:00:00Z');
    const [vector] = await harness.read([question]);
    expect(vector).toMatchObject({ values: { inbound__count_1h: 1, inbound__mean_delay_1h: 20 }, ageSeconds: 0 });
    clock.advance(60_000);
    await harness.quiet('2001-01-15T11:59:00Z', '2001-01-15T12:01:00Z');
    await harness.reach('2001-01-15T12:01:00Z');
  });
});
