/** Events that their topic does not take, on a real folder; the log here takes all, so the limit is the test's. */
import { appendFile, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { OutgoingRecord, Oversize } from '@roofshot/messaging/events';
import { log } from '@roofshot/telemetry/logger';
import { snapshot } from '@roofshot/telemetry/define-metrics';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import type { Served } from './entries.ts';
import { SpoolRelay, type RelayPlatform } from './relay.ts';
import { SetAside } from './set-aside.ts';
import { lineOf, lineWith, served } from './sample-lines.ts';
import { SpoolLab } from './spool-lab.ts';
import { recordsOf } from './spool-records.ts';
import type { Spool } from './spool.ts';

const LIMIT = 5_000;
/** The odd characters end lines for some readers. */
const large = `\u2028${'x'.repeat(LIMIT)}\u2029`;
const largeOf = (predictionId: string) => served(predictionId, { context: { note: large } });

let lab: SpoolLab;
let folder: TempDir;
let platform: RelayPlatform;
beforeAll(async () => {
  lab = await SpoolLab.open();
  platform = { ...lab.platform, events: { oversizeOf: (records) => Promise.resolve(records.map(oversizeOf)) } };
}, 60_000);
afterAll(() => lab.close());
beforeEach(async () => {
  folder = await tempDir('set-aside');
});
afterEach(() => folder.remove());

function oversizeOf({ value }: OutgoingRecord): Oversize | undefined {
  return value.length > LIMIT ? { bytes: value.length, limit: LIMIT } : undefined;
}

const path = (): string => join(folder.path, 'spool', 'set-aside.ndjson');
const counted = (): number => snapshot().find(({ name }) => name === 'roofshot.serving.spool.set-aside')?.total ?? 0;

interface Kept {
  readonly id: string;
  readonly predictionId: string;
  readonly reason: string;
  readonly record: OutgoingRecord;
}
/** Lines of the file that can be read. */
async function kept(): Promise<Kept[]> {
  const lines = (await readFile(path(), 'utf8')).split('\n').filter((line) => line.endsWith('}'));
  return lines.map((line) => JSON.parse(line) as Kept);
}

/** Publishes with a relay of its own, as a process does that has just started. */
async function relayAll(spool: Spool): Promise<SpoolRelay> {
  const relay = new SpoolRelay(spool, platform);
  relay.start();
  expect(await relay.publishedUpTo(spool.end, { timeoutMs: 10_000 })).toBe(true);
  await relay.close();
  return relay;
}

/** What a process has done that died before it could move the position. */
async function keepAndDie(spool: Spool, offset: number, data: Served): Promise<void> {
  const records = recordsOf(platform, `${spool.name}/1/${offset}`, { cause: {}, served: [data], exposed: [], shadowed: [] });
  const oversize = { bytes: LIMIT + 1, limit: LIMIT };
  await new SetAside(spool.folder, log).keep(records.map((record) => ({ ...record, oversize })));
}

test('an event that is too large is kept whole with the reason, and all others of its line and behind it are on the log', async () => {
  const before = counted();
  const spool = await lab.openSpool(folder.path);
  await spool.append(lineWith(served('whole-1'), largeOf('whole-2'), served('whole-3')));
  await spool.append(lineOf('whole-4'));
  const told: unknown[] = [];
  const leave = log.feed.onLine((line) => line['log.level'] === 'error' && told.push(line));
  await relayAll(spool);
  leave();

  expect(await lab.onLog('whole-')).toEqual(['whole-1', 'whole-3', 'whole-4']);
  const [only, ...more] = await kept();
  const id = `${spool.name}/1/0/p1`;
  expect(more).toEqual([]);
  expect(only).toMatchObject({ id, predictionId: 'whole-2', record: { topic: 'predictions.v1', key: 'u', headers: { ce_id: id } } });
  expect(only?.reason).toMatch(/^It is about 5\d{3} bytes, and the topic predictions\.v1 takes 5000\.$/);
  expect(JSON.parse(only?.record.value ?? '')).toEqual(largeOf('whole-2'));
  expect(counted()).toBe(before + 1);
  expect(told).toEqual([
    expect.objectContaining({ 'event.id': id, 'labels.prediction_id': 'whole-2', 'event.reason': only?.reason, 'labels.file': path() }),
  ]);
  await spool.close();
});

test('what was kept before a crash is not kept again by the next process, and one that a crash cut off is', async () => {
  const first = await lab.openSpool(folder.path);
  await first.append(lineWith(largeOf('crash-1')));
  await keepAndDie(first, 0, largeOf('crash-1'));
  await first.append(lineWith(largeOf('crash-2')));
  await first.close();
  const cutOff = (await readFile(path(), 'utf8')).replaceAll('crash-1', 'crash-2').slice(0, 1_000);
  await appendFile(path(), cutOff);

  const second = await lab.openSpool(folder.path);
  await relayAll(second);
  expect((await kept()).map(({ predictionId }) => predictionId)).toEqual(['crash-1', 'crash-2']);
  expect(second.unpublishedLines).toBe(0);
  await second.close();
});

test('the file troubles the service until it is moved away, and a later event begins a new one', async () => {
  const spool = await lab.openSpool(folder.path);
  const relay = new SpoolRelay(spool, platform);
  expect(relay.setAside.troubles()).toEqual([]);
  relay.start();
  await spool.append(lineWith(largeOf('moved-1')));
  expect(await relay.publishedUpTo(spool.end, { timeoutMs: 10_000 })).toBe(true);
  expect(relay.setAside.troubles()).toEqual([expect.stringContaining(`set aside in ${path()} (0.0 MB)`)]);

  await rename(path(), join(folder.path, 'elsewhere'));
  expect(relay.setAside.troubles()).toEqual([]);
  await spool.append(lineWith(largeOf('moved-2')));
  expect(await relay.publishedUpTo(spool.end, { timeoutMs: 10_000 })).toBe(true);
  expect((await kept()).map(({ predictionId }) => predictionId)).toEqual(['moved-2']);
  expect(relay.setAside.troubles()).toHaveLength(1);
  await relay.close();
  await spool.close();
});
