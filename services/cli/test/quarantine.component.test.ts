/** `roofshot quarantine` against a platform that has refused something. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { QuarantinePage, RedriveAnswer } from '@roofshot/contracts/http/quarantine';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import { order, postJson, startPlatform, type Platform } from './cli-lab.ts';

let folder: TempDir;
let platform: Platform;

beforeAll(async () => {
  folder = await tempDir('cli-quarantine');
  platform = await startPlatform(join(folder.path, 'data'));
  await platform.run('apply', '-f', 'shop');
  await postJson(platform.url, '/v1/events', [
    order(1, { data: { amount: 'one' } }),
    order(2, { data: { amount: 'two' } }),
    order(3, { data: {} }),
    order(4, { type: 'order.place' }),
  ]);
}, 60_000);
afterAll(async () => {
  await platform.stop();
  await folder.remove();
}, 60_000);

const PATCH = JSON.stringify([{ op: 'replace', path: '/data/amount', value: 7 }]);
const refused = async (...filter: string[]): Promise<QuarantinePage['events']> =>
  (JSON.parse((await platform.run('quarantine', 'list', '--json', ...filter)).out) as QuarantinePage).events;

test('what was refused is counted, listed and shown', async () => {
  const { code, out } = await platform.run('quarantine', 'counts');
  expect(code).toBe(0);
  expect(out).toMatch(/^TYPE +REASON +VERDICT +STATUS +EVENTS +NEWEST\norder\.placed +schema +quarantined +open +3 /);
  const listed = await platform.run('quarantine', '--type', 'order.placed', '--limit', '2');
  expect(listed.out).toMatch(/^ID +RECEIVED +TYPE +EVENT +REASON +PLACE +WHY\n.* order-3 +schema +\/data\/amount /);
  expect(listed.err).toMatch(/^There are more: --cursor \d+\n$/);
  const [event] = await refused('--event-id', 'order-4');
  expect((await platform.run('quarantine', 'show', event?.id ?? '')).out).toContain('"reason": "unknown-type"');
});

test('a dry run tells what a patch would do, and the patch of a file does it', async () => {
  const all = ['--all', '--type', 'order.placed', '--fault', 'schema'];
  const dry = await platform.run('quarantine', 'redrive', ...all, '--patch', PATCH, '--dry-run');
  expect(dry.code).toBe(1);
  expect(dry.out).toMatch(
    / order-3 +patch .*\n2 accepted, 0 duplicate, 0 late, 1 quarantined\. Nothing was changed; this was a dry run\.\n$/,
  );
  const file = join(folder.path, 'patch.json');
  await writeFile(file, PATCH);
  const wet = await platform.run('quarantine', 'redrive', ...all, '--patch', file, '--reason', 'the till sent words', '--json');
  expect([wet.code, (JSON.parse(wet.out) as RedriveAnswer).accepted]).toEqual([1, 2]);
  expect((await refused()).map(({ eventId }) => eventId)).toEqual(['order-4', 'order-3']);
});

test('of every status the list tells which it is', async () => {
  const { out } = await platform.run('quarantine', 'list', '--status', 'any');
  expect(out).toMatch(/^ID +RECEIVED +TYPE +EVENT +STATUS +REASON +PLACE +WHY\n/);
  const statuses = out.split('\n').flatMap((line) => / (order-\d) +(open|redriven) /.exec(line)?.slice(1).join(' ') ?? []);
  expect(statuses).toEqual(['order-4 open', 'order-3 open', 'order-2 redriven', 'order-1 redriven']);
});

test('a dry run tells how many would be discarded, and discards none', async () => {
  const told = '. Nothing was changed; this was a dry run.\n';
  const all = await platform.run('quarantine', 'discard', '--all', '--dry-run');
  expect(all).toMatchObject({ code: 0, out: `2 would be discarded${told}` });
  const some = await platform.run('quarantine', 'discard', '--all', '--type', 'order.placed', '--dry-run');
  expect(some).toMatchObject({ code: 0, out: `1 would be discarded${told}` });
  const [done] = await refused('--status', 'redriven');
  const [open] = await refused();
  const named = await platform.run('quarantine', 'discard', open?.id ?? '', done?.id ?? '', '--dry-run');
  expect(named).toMatchObject({ code: 1, out: `1 would be discarded${told}`, err: expect.stringContaining(done?.id ?? '') });
  expect(await refused()).toHaveLength(2);
});

test('the rest is discarded by its ids, with a reason, once', async () => {
  const ids = (await refused()).map(({ id }) => id);
  expect(await platform.run('quarantine', 'discard', ...ids)).toMatchObject({ code: 2, err: expect.stringContaining('--reason') });
  const discard = ['quarantine', 'discard', ...ids, '--reason', 'a test'];
  expect(await platform.run(...discard)).toMatchObject({ code: 0, out: '2 discarded\n' });
  expect(await platform.run(...discard)).toMatchObject({ code: 1, out: '0 discarded\n', err: expect.stringContaining(ids[0] ?? '') });
});

test.each<[string[], string]>([
  [['redrive'], 'Name ids'],
  [['redrive', '--all', '--patch', 'nowhere.json'], 'The patch cannot be read'],
  [['redrive', '--all', '--patch', '[{'], 'The patch is no JSON'],
  [['show'], 'Name the id'],
  [['discard', '--dry-run'], 'Name ids'],
  [['redrove'], 'redrive'],
])('%j is a wrong command line', async (words, told) => {
  expect(await platform.run('quarantine', ...words)).toMatchObject({ code: 2, err: expect.stringContaining(told) });
});
