/** What is needed is not deleted, whichever service owns what needs it. */
import { allKinds } from '@roofshot/contracts/resources';
import { WholePlatform, type Answered } from './whole-platform.ts';

let platform: WholePlatform;
beforeAll(async () => {
  platform = await WholePlatform.start();
  await platform.declareShop();
}, 120_000);
afterAll(() => platform.stop(), 60_000);

function send(method: string, key: string, options: { readonly body?: object; readonly query?: string } = {}): Promise<Answered> {
  const [kind, name] = key.split('/');
  const definition = allKinds.find((known) => known.name === kind);
  if (definition === undefined) throw new Error(`There is no kind ${String(kind)}.`);
  return platform.ask(definition.owner, `/v1/${definition.plural}/${name}${options.query ?? ''}`, method, options.body);
}

const NEEDED: readonly (readonly [string, readonly string[]])[] = [
  [
    'EventType/order.placed',
    [
      'FeatureView/shop-orders needs it (spec/source/eventType)',
      'TrainingJob/by-amount needs it (spec/observation/eventType)',
      'TrainingJob/by-history needs it (spec/observation/eventType)',
    ],
  ],
  [
    'EventType/order.settled',
    [
      'FeatureView/customer-returns needs it (spec/source/eventType)',
      'TrainingJob/by-amount needs it (spec/label/eventType)',
      'Metric/cost-per-order needs it (spec/source/outcome/eventType)',
    ],
  ],
  [
    'FeatureService/return-risk',
    ['TrainingJob/by-amount needs it (spec/featureService)', 'Deployment/return-risk needs it (spec/featureService)'],
  ],
  ['Model/return-risk', ['TrainingJob/by-amount needs it (spec/registers)', 'Deployment/return-risk needs it (spec/model)']],
  ['Deployment/return-risk', ['Metric/cost-per-order needs it (spec/source/deployment)', 'Experiment/history needs it (spec/deployment)']],
  ['Metric/cost-per-order', ['the experiment history uses it']],
  ['FeatureView/shop-orders', ['FeatureService']],
  ['Entity/shop', ['FeatureView']],
];

test.each(NEEDED)('%s cannot be deleted, and the answer names all that need it', async (key, needers) => {
  for (const query of ['?dryRun=true', '']) {
    const { status, text } = await send('DELETE', key, { query });
    const { detail } = JSON.parse(text) as { detail: string };
    expect([status, detail]).toEqual([409, expect.stringContaining(`${key} cannot be deleted: `)]);
    for (const needer of needers) expect(detail).toContain(needer);
  }
  expect((await send('GET', key)).status).toBe(200);
});

const view = (name: string, eventType: string): object => ({
  apiVersion: 'roofshot/v1',
  kind: 'FeatureView',
  metadata: { name },
  spec: {
    entity: 'shop',
    source: { eventType, keys: {} },
    tile: '5m',
    windows: ['1h'],
    features: [{ name: 'count', aggregation: 'count' }],
  },
});
const eventType = (name: string): object => ({
  apiVersion: 'roofshot/v1',
  kind: 'EventType',
  metadata: { name },
  spec: { schema: { type: 'object' } },
});

test('a reference counts from the moment at which it was answered, and until it is changed or deleted', async () => {
  for (let round = 0; round < 10; round++) {
    const [name, other] = [`quick.${round}`, `quick.other-${round}`];
    for (const one of [name, other]) await send('PUT', `EventType/${one}`, { body: eventType(one) });
    await send('PUT', `FeatureView/quick-${round}`, { body: view(`quick-${round}`, name) });
    expect((await send('DELETE', `EventType/${name}`)).status).toBe(409);
    await send('PUT', `FeatureView/quick-${round}`, { body: view(`quick-${round}`, other) });
    expect((await send('DELETE', `EventType/${name}`)).status).toBe(200);
    expect((await send('DELETE', `EventType/${other}`)).status).toBe(409);
    await send('DELETE', `FeatureView/quick-${round}`);
    expect((await send('DELETE', `EventType/${other}`)).status).toBe(200);
  }
}, 60_000);

test('what was declared before references were said counts after the next start', async () => {
  await send('PUT', 'EventType/old.type', { body: eventType('old.type') });
  await platform.pause();
  const { spec } = view('old', 'old.type') as { spec: object };
  await platform.database.sql.query(
    `INSERT INTO features.resources (kind, name, generation, metadata, spec, updated_at) VALUES ('FeatureView', 'old', 1, '{"name":"old"}', $1, now())`,
    [JSON.stringify(spec)],
  );
  await platform.resume();
  const { status, text } = await send('DELETE', 'EventType/old.type');
  expect([status, text]).toEqual([
    409,
    expect.stringContaining('FeatureView/old needs it (spec/source/eventType); delete or change that first'),
  ]);
  expect((await send('DELETE', 'FeatureView/old')).status).toBe(200);
}, 120_000);

test('all can be deleted, what needs others first', async () => {
  const order = [
    'Experiment/history',
    'Metric/cost-per-order',
    'Deployment/return-risk',
    'TrainingJob/by-amount',
    'TrainingJob/by-history',
    'Model/return-risk',
    'FeatureService/return-risk',
    'FeatureView/shop-orders',
    'FeatureView/customer-returns',
    'Entity/shop',
    'Entity/customer',
    'EventType/order.placed',
    'EventType/order.settled',
  ];
  for (const key of order) expect([key, (await send('DELETE', key)).status]).toEqual([key, 200]);
});
