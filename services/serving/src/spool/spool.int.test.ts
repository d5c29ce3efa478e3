/** The spool on a real folder, its relay on a real database. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { log } from '@roofshot/telemetry/logger';
import { snapshot } from '@roofshot/telemetry/define-metrics';
import { eventually } from '@roofshot/testing/eventually';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import { SpoolRelay } from './relay.ts';
import { lineOf as line } from './sample-lines.ts';
import { segmentPath } from './segments.ts';
import { SpoolLab } from './spool-lab.ts';
import { Spool } from './spool.ts';

let lab: SpoolLab;
let folder: TempDir;

beforeAll(async () => {
  lab = await SpoolLab.open();
}, 60_000);
afterAll(() => lab.close());
beforeEach(async () => {
  folder = await tempDir('spool');
});
afterEach(() => folder.remove());

const open = (): Promise<Spool> => lab.openSpool(folder.path);
const inFolder = (name: string): string => join(folder.path, 'spool', name);

/** Small segments, so that a few lines fill one. */
const openSmall = async (options: Partial<{ segmentBytes: number; maxBytes: number }>): Promise<Spool> => {
  await mkdir(folder.path, { recursive: true });
  return Spool.open({ folder: folder.path, name: 'small', after: 0, segmentBytes: 1_000, maxBytes: 1_000_000, log, ...options });
};

/** What is logged by the work: level and sentence. */
async function linesOf(work: () => Promise<unknown>): Promise<string[]> {
  const lines: string[] = [];
  const leave = log.feed.onLine((record) => lines.push(`${record['log.level']} ${record.message}`));
  await work();
  leave();
  return lines;
}

const dropped = (): number => snapshot().find(({ name }) => name === 'roofshot.serving.spool.dropped')?.total ?? 0;

async function relayAll(spool: Spool): Promise<void> {
  const relay = new SpoolRelay(spool, lab.platform);
  relay.start();
  expect(await relay.publishedUpTo(spool.end, { timeoutMs: 10_000 })).toBe(true);
  await relay.close();
}

describe('the spool', () => {
  test('keeps the order in which lines were given, whatever the number that share a write', async () => {
    const spool = await openSmall({ segmentBytes: 1_000_000 });
    await Promise.all(Array.from({ length: 500 }, (_, i) => spool.append(`line ${i}`)));
    await spool.close();
    const lines = (await readFile(segmentPath(folder.path, 1), 'utf8')).split('\n');
    expect(lines).toEqual([...Array.from({ length: 500 }, (_, i) => `line ${i}`), '']);
  });

  test('refuses lines beyond its limit and takes them again once what waits has been published', async () => {
    const spool = await openSmall({ maxBytes: 1_000 });
    await spool.append('x'.repeat(600));
    await expect(spool.append('y'.repeat(600))).rejects.toMatchObject({ code: 'spool-full', status: 503 });
    await spool.published(spool.end, { bytes: 601, lines: 1 });
    await spool.append('y'.repeat(600));
    await spool.close();
    expect(await readFile(segmentPath(folder.path, 1), 'utf8')).toBe(`${'x'.repeat(600)}\n${'y'.repeat(600)}\n`);
  });

  test('refuses what it cannot write, keeps nothing of it, and goes on when it can write again', async () => {
    const spool = await openSmall({ segmentBytes: 10 });
    await spool.append('first line of the spool');
    const away = `${folder.path} away`;
    await rename(folder.path, away);
    await expect(spool.append('lost')).rejects.toMatchObject({ code: 'spool-unwritable', status: 503 });
    expect(spool.unpublishedLines).toBe(1);
    await rename(away, folder.path);
    await spool.append('second line of the spool');
    await spool.close();
    expect(await readFile(segmentPath(folder.path, 2), 'utf8')).toBe('second line of the spool\n');
  });
});

test('on a full disk the half-written line is cut off, and what fits later is taken', async () => {
  const writer = fileURLToPath(new URL('../../test/limited-writer.ts', import.meta.url));
  const register = fileURLToPath(new URL('../../../../register.mjs', import.meta.url));
  const script = 'ulimit -f 1; exec "$0" --import "$1" "$2" "$3"';
  const child = spawn('bash', ['-c', script, process.execPath, register, writer, folder.path], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const [told] = (await once(child, 'message')) as [unknown];

  expect(told).toEqual({ outcomes: ['written', 'spool-unwritable', 'written'], end: { segment: 2, offset: 301 }, unpublished: 2 });
  expect(await readFile(segmentPath(folder.path, 1), 'utf8')).toBe(`${'a'.repeat(600)}\n`);
  expect(await readFile(segmentPath(folder.path, 2), 'utf8')).toBe(`${'c'.repeat(300)}\n`);
});

describe('the relay', () => {
  test('publishes each line once, in order, and deletes segments that are done', async () => {
    const spool = await openSmall({ segmentBytes: 2_000 });
    const relay = new SpoolRelay(spool, lab.platform);
    relay.start();
    const ids = Array.from({ length: 200 }, (_, i) => `order-${String(i).padStart(3, '0')}`);
    for (const id of ids) await spool.append(line(id));
    expect(await relay.publishedUpTo(spool.end, { timeoutMs: 10_000 })).toBe(true);

    expect(await lab.onLog('order-')).toEqual(ids);
    expect(spool.unpublishedLines).toBe(0);
    await eventually(async () => expect((await readdir(folder.path)).length).toBeLessThanOrEqual(2));
    await relay.close();
    await spool.close();
  });

  test('after a crash drops the line that was cut off, tells so, and publishes everything before it', async () => {
    const crashed = await open();
    await crashed.append(line('torn-1'));
    await crashed.append(line('torn-2'));
    await crashed.close();
    await appendFile(inFolder('000000000001.ndjson'), line('torn-3').slice(0, 100));
    const before = dropped();

    const spool = await open();
    await spool.append(line('torn-4'));
    const lines = await linesOf(() => relayAll(spool));
    expect(await lab.onLog('torn-')).toEqual(['torn-1', 'torn-2', 'torn-4']);
    expect(lines).toEqual(['warn The last line of a segment was never written to its end; its answer had not left.']);
    expect(dropped()).toBe(before + 1);
    await spool.close();
  });

  test('leaves out a damaged line between good ones, and counts it', async () => {
    const crashed = await open();
    await crashed.append(line('gap-1'));
    await crashed.close();
    await appendFile(inFolder('000000000001.ndjson'), `${'\0'.repeat(300)}\n{"cause":{}}\n${line('gap-2')}\n`);
    const before = dropped();

    const spool = await open();
    const lines = await linesOf(() => relayAll(spool));
    expect(await lab.onLog('gap-')).toEqual(['gap-1', 'gap-2']);
    expect(lines).toEqual(Array.from({ length: 2 }, () => 'error A line of the spool is damaged and was left out.'));
    expect(dropped()).toBe(before + 2);
    await spool.close();
  });

  test('counts what an earlier process left, and goes on behind what was published', async () => {
    const first = await open();
    await first.append(line('kept-1'));
    await relayAll(first);
    await first.append(line('kept-2', 'kept-3'));
    await first.close();

    const second = await open();
    await relayAll(second);
    expect(await lab.onLog('kept-')).toEqual(['kept-1', 'kept-2', 'kept-3']);
    expect(second.unpublishedLines).toBe(0);
    await second.close();
  });

  test('two relays of one spool publish no line twice: the one that was overtaken looks again', async () => {
    const spool = await open();
    const relays = [new SpoolRelay(spool, lab.platform), new SpoolRelay(spool, lab.platform)];
    for (const relay of relays) relay.start();
    for (let i = 0; i < 50; i += 1) await spool.append(line(`race-${i}`));
    for (const relay of relays) expect(await relay.publishedUpTo(spool.end, { timeoutMs: 20_000 })).toBe(true);
    expect((await lab.onLog('race-')).sort()).toEqual(Array.from({ length: 50 }, (_, i) => `race-${i}`).sort());
    for (const relay of relays) await relay.close();
    await spool.close();
  });

  test('gives no number again, even when the files of a spool were deleted: ids stay unique', async () => {
    const first = await open();
    await first.append(line('number-1'));
    await relayAll(first);
    await first.close();
    await rm(inFolder('000000000001.ndjson'));

    const second = await open();
    expect(second.end).toEqual({ segment: 2, offset: 0 });
    await second.append(line('number-2'));
    await relayAll(second);
    expect(await lab.onLog('number-')).toEqual(['number-1', 'number-2']);
    await second.close();
  });

  test('waits while the database refuses, and publishes when it is back', async () => {
    const spool = await open();
    const relay = new SpoolRelay(spool, lab.platform);
    await lab.database.sql.query('ALTER TABLE serving.spools RENAME TO hidden');
    relay.start();
    await spool.append(line('later-1'));
    expect(await relay.publishedUpTo(spool.end, { timeoutMs: 100 })).toBe(false);
    await lab.database.sql.query('ALTER TABLE serving.hidden RENAME TO spools');
    expect(await relay.publishedUpTo(spool.end, { timeoutMs: 10_000 })).toBe(true);
    expect(await lab.onLog('later-')).toEqual(['later-1']);
    await relay.close();
    await spool.close();
  });
});

test('the name of a spool is made once', async () => {
  const first = await open();
  await first.close();
  const second = await open();
  await second.close();
  expect(second.name).toBe(first.name);
  await writeFile(inFolder('spool.id'), 'another\n');
  const third = await open();
  await third.close();
  expect(third.name).toBe('another');
});
