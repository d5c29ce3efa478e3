/** `roofshot backfill` and `roofshot parked` against a platform whose view is changed. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BackfillAnswer } from '@roofshot/contracts/http/backfills';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import { order, postJson, startPlatform, type Platform } from './cli-lab.ts';

let folder: TempDir;
let platform: Platform;

function viewYaml(aggregation: string): string {
  return `
apiVersion: roofshot/v1
kind: Entity
metadata: { name: customer }
spec: { keys: [customer] }
---
apiVersion: roofshot/v1
kind: FeatureView
metadata: { name: orders-of-customer }
spec:
  entity: customer
  source: { eventType: order.placed, keys: { customer: subject } }
  tile: 1m
  windows: [24h]
  switch: manual
  features:
    - { name: amount, aggregation: ${aggregation}, value: data.amount }
`;
}

async function apply(aggregation: string): Promise<void> {
  const file = join(folder.path, 'view.yaml');
  await writeFile(file, viewYaml(aggregation));
  expect(await platform.run('apply', '-f', file)).toMatchObject({ code: 0 });
}

beforeAll(async () => {
  folder = await tempDir('cli-backfill');
  platform = await startPlatform(join(folder.path, 'data'));
  await platform.run('apply', '-f', 'shop');
  await apply('sum');
  await postJson(
    platform.url,
    '/v1/events',
    [1, 2, 3].map((n) => order(n, { data: { amount: n } })),
  );
}, 60_000);
afterAll(async () => {
  await platform.stop();
  await folder.remove();
}, 60_000);

test('nothing was changed yet', async () => {
  expect(await platform.run('backfill')).toMatchObject({ code: 0, out: 'No feature view was changed since it was declared.\n' });
  expect(await platform.run('parked', 'orders-of-customer')).toMatchObject({
    code: 0,
    out: 'orders-of-customer could read every event.\n',
  });
});

test('a changed view is listed, told with what differs, and switched to', async () => {
  await apply('mean');
  const told = await platform.run('backfill', 'orders-of-customer', '--wait', '20s');
  expect(told.out).toMatch(
    /^orders-of-customer: generation 2 beside 1, compared, \d+ of \d+ records folded\nrows: \d+ before, \d+ after; \d+ compared\n/,
  );
  expect(told.out).toMatch(/\nFEATURE +CHANGED +GREATEST +SHIFT\namount_24h +\d+ of \d+ /);
  expect((await platform.run('backfill')).out).toMatch(
    /^VIEW +GENERATION +FROM +STATE +FOLDED +STARTED\norders-of-customer +2 +1 +compared /,
  );
  expect((await platform.run('backfill', 'orders-of-customer', 'switch')).out).toContain('generation 2 beside 1, switched');
  const again = await platform.run('backfill', 'orders-of-customer', 'switch');
  expect(again.code).toBe(1);
  expect(again.err).toContain('cannot switch: generation 2 is switched');
  const { state } = JSON.parse((await platform.run('backfill', 'orders-of-customer', '--json')).out) as BackfillAnswer;
  expect(state).toBe('switched');
});

test('a wrong action and an unknown view are told with what is near', async () => {
  expect(await platform.run('backfill', 'orders-of-customer', 'swich')).toMatchObject({ code: 2 });
  const unknown = await platform.run('backfill', 'order-of-customer');
  expect(unknown.code).toBe(1);
  expect(unknown.err).toContain('nearest: orders-of-customer');
  expect((await platform.run('parked')).code).toBe(2);
});
