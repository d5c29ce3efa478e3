/** OpenFeature's own SDK with the example of how an application tracks. */
import { InMemoryProvider, OpenFeature } from '@openfeature/server-sdk';
import { eventually } from '@roofshot/testing/eventually';
import { withTracking } from '../../../examples/openfeature-track/with-tracking.ts';
import { eventsOf, idsOf, IngestionLab } from './ingestion-lab.ts';

const lab = new IngestionLab();
beforeAll(async () => {
  await lab.open();
  const data = {
    type: 'object',
    required: ['details', 'attributes'],
    additionalProperties: false,
    properties: { value: { type: 'number' }, details: { type: 'object' }, attributes: { type: 'object' } },
  };
  await lab.declare('checkout.completed', { schema: data });
}, 60_000);
afterAll(async () => {
  await OpenFeature.close();
  await lab.close();
});

const FLAGS = { banner: { disabled: false, variants: { on: true, off: false }, defaultVariant: 'on' } } as const;
const troubles: Error[] = [];
const tracking = (): Parameters<typeof withTracking>[1] => ({
  url: lab.url,
  source: '/web-shop',
  onTrouble: (error) => troubles.push(error),
});
const tracked = async (): Promise<ReturnType<typeof eventsOf>> => eventsOf(await lab.onLog('events.checkout.completed'));

test('what an application tracks is an event of its unit, beside the flags that its provider answers', async () => {
  await OpenFeature.setProviderAndWait(withTracking(new InMemoryProvider(FLAGS), tracking()));
  const client = OpenFeature.getClient();
  expect(await client.getBooleanValue('banner', false, { targetingKey: 'ann' })).toBe(true);
  client.track('Checkout Completed', { targetingKey: 'ann', plan: 'pro' }, { value: 99.5, currency: 'EUR' });
  client.track('checkoutCompleted', { targetingKey: 'bob' });
  const records = await eventually(async () => {
    const found = await tracked();
    return found.length === 2 && found;
  });
  expect(records.find(({ headers }) => headers['ce_subject'] === 'ann')).toMatchObject({ headers: { ce_source: '/web-shop' } });
  expect(records.map(({ value }) => JSON.parse(value) as unknown)).toEqual(
    expect.arrayContaining([
      { value: 99.5, details: { currency: 'EUR' }, attributes: { plan: 'pro' } },
      { details: {}, attributes: {} },
    ]),
  );
  expect(troubles).toEqual([]);
});

test('what cannot be sent waits and is sent once, and closing sends the rest', async () => {
  const before = (await tracked()).length;
  await OpenFeature.setProviderAndWait(withTracking(new InMemoryProvider(FLAGS), tracking()));
  const client = OpenFeature.getClient();
  const url = lab.url;
  await lab.stop();
  for (let n = 0; n < 150; n += 1) client.track('Checkout Completed', { targetingKey: `u${n}` });
  await eventually(() => troubles.length > 0);
  await lab.start({ INGESTION_PORT: new URL(url).port });
  for (let n = 150; n < 250; n += 1) client.track('Checkout Completed', { targetingKey: `u${n}` });
  await OpenFeature.close();
  const ids = idsOf(await tracked()).slice(before);
  expect(ids).toHaveLength(250);
  expect(new Set(ids).size).toBe(250);
});
