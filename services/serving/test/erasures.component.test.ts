/** @jest-environment @roofshot/testing/jest-environment */
/** A unit erased from the log of predictions and exposures. */
import { EVENT_ERASED } from '@roofshot/contracts/envelope';
import { EraseServingSubject, erasures } from '@roofshot/contracts/erasures';
import { exposures, predictions } from '@roofshot/contracts/predictions';
import { eventually } from '@roofshot/testing/eventually';
import { RunningServing } from './running-serving.ts';
import { NOON, question, type ServingLab } from './serving-lab.ts';

let running: RunningServing;
let lab: ServingLab;
beforeAll(async () => {
  running = await RunningServing.withDelays();
  lab = running.lab;
}, 60_000);
afterAll(() => running.stop());

interface Account {
  readonly erasureId: string;
  readonly erased: Record<string, number>;
  readonly kept: { store: string }[];
}

async function erase(erasureId: string, over: object = {}): Promise<Account> {
  const order = { erasureId, subject: 'flight-1', erasedAt: NOON, ...over };
  await lab.transactions.run((tx) => Promise.resolve(tx.send(EraseServingSubject, order)));
  return eventually(async () => (await lab.read<Account>(erasures)).find(({ data }) => data.erasureId === erasureId)?.data ?? false);
}

test('predictions and exposures of the unit are overwritten in their places, also what lay in the spool, and those of others stay', async () => {
  await lab.allocate();
  await eventually(async () => expect((await lab.predict(question())).body).toMatchObject({ experiment: 'fresh-features' }));
  for (const unit of ['flight-1', 'flight-2', 'flight-1']) await lab.predict(question({ unit }));
  const { erased, kept } = await erase(`era_${'0'.repeat(31)}1`);
  expect(erased['predictions and exposures']).toBeGreaterThanOrEqual(4);
  expect(kept.map(({ store }) => store)).toEqual(['spools']);
  await lab.published();
  const all = [...(await lab.read(predictions)), ...(await lab.read(exposures))];
  expect(JSON.stringify(all)).not.toContain('flight-1');
  expect(all.filter(({ type }) => type === EVENT_ERASED)).toHaveLength(erased['predictions and exposures'] ?? 0);
  expect(JSON.stringify(all)).toContain('flight-2');
});

test('the unit is served as any other afterwards', async () => {
  expect((await lab.predict(question())).status).toBe(200);
  await lab.published();
  expect(JSON.stringify(await lab.read(predictions))).toContain('flight-1');
});

test('limited to types nothing is erased, and the account says so', async () => {
  const before = await lab.read(predictions);
  const { kept } = await erase(`era_${'0'.repeat(31)}2`, { types: ['order.placed'] });
  expect(kept).toMatchObject([{ store: 'predictions and exposures' }]);
  expect(await lab.read(predictions)).toEqual(before);
});
