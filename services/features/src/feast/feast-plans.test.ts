import { Definitions } from '@roofshot/feature-defs/definitions';
import { declareView, labDefinitions } from './feast-lab.ts';
import { FeastPlans } from './feast-plans.ts';

const features = ['orders:count_1h'];
const nothingKept = (): Promise<Definitions> => Promise.resolve(new Definitions());

test('a plan is compiled once, and anew when something is declared', async () => {
  const definitions = labDefinitions();
  const plans = new FeastPlans(definitions, nothingKept);
  const first = await plans.of({ features });
  expect(await plans.of({ features })).toBe(first);
  declareView(definitions, { name: 'orders', entity: 'customer', keys: ['customer'] }, 2);
  const second = await plans.of({ features });
  expect([first.views[0]?.version, second.views[0]?.version]).toEqual([1, 2]);
  expect(await plans.of({ features })).toBe(second);
});

test('questions that differ have plans that differ', async () => {
  const plans = new FeastPlans(labDefinitions(), nothingKept);
  const named = async (question: Parameters<FeastPlans['of']>[0]): Promise<readonly string[]> => (await plans.of(question)).names;
  expect(await named({ features })).toEqual(['count_1h']);
  expect(await named({ features, full_feature_names: true })).toEqual(['orders__count_1h']);
  expect(await named({ features: ['orders:mean_1h'] })).toEqual(['mean_1h']);
  expect(await named({ feature_service: 'risk' })).toEqual(['buyer__count_1h', 'seller__mean_1h', 'amount']);
});

test('what another process has taken a moment ago is read before anybody is told that there is no such thing', async () => {
  const plans = new FeastPlans(new Definitions(), () => Promise.resolve(labDefinitions()));
  expect((await plans.of({ features })).names).toEqual(['count_1h']);
  expect((await plans.of({ feature_service: 'risk' })).names).toContain('amount');
  await expect(plans.of({ features: ['order:count_1h'] })).rejects.toMatchObject({
    status: 404,
    message: expect.stringContaining('nearest: orders') as string,
  });
});

test('a client that makes up ever new questions does not fill the memory', async () => {
  const plans = new FeastPlans(labDefinitions(), nothingKept);
  const first = await plans.of({ features });
  const all = ['orders', 'returns', 'visits', 'network'].flatMap((view) =>
    ['count_1h', 'count_24h', 'mean_1h'].map((name) => `${view}:${name}`),
  );
  const triples = all.flatMap((a) => all.flatMap((b) => all.map((c) => [...new Set([a, b, c])])));
  for (const asked of triples) await plans.of({ features: asked, full_feature_names: true });
  const again = await plans.of({ features });
  expect(again).not.toBe(first);
  expect(again).toEqual(first);
});
