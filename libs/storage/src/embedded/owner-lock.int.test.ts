import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempDir } from '@roofshot/testing/temp-dir';
import type { TempDir } from '@roofshot/testing/temp-dir';
import { claimFolder } from './owner-lock.ts';
import { processStart, thisPlace } from './process-identity.ts';

let folder: TempDir;
beforeEach(async () => (folder = await tempDir('claims')));
afterEach(() => folder.remove());

/** The claim file that a process of that place, id and start would have left. */
async function claimOf(owner: {
  host?: string;
  boot?: string;
  pid: number;
  start: string;
  ageSeconds?: number;
  kernel?: string;
}): Promise<string> {
  const here = await thisPlace();
  const file = join(folder.path, `owner.${owner.host ?? here.host}.${owner.boot ?? here.boot}.${owner.pid}.${owner.start}.lock`);
  await writeFile(file, JSON.stringify({ since: '2001-01-13T10:00:00Z', command: 'main.ts', kernel: owner.kernel }));
  const touched = new Date(Date.now() - (owner.ageSeconds ?? 0) * 1_000);
  await utimes(file, touched, touched);
  return file;
}

async function claimAndRelease(): Promise<void> {
  const release = await claimFolder(folder.path);
  await release();
}

test('a claim leaves its files while it holds and none afterwards', async () => {
  const release = await claimFolder(folder.path);
  expect((await readdir(folder.path)).map((name) => name.split('.').at(-1))).toEqual(['lock', 'sock']);
  await release();
  expect(await readdir(folder.path)).toEqual([]);
  await claimAndRelease();
});

test('the claim of a living process is respected', async () => {
  await claimOf({ pid: process.ppid, start: (await processStart(process.ppid)) ?? '' });
  await expect(claimAndRelease()).rejects.toThrow(`is in use by process ${process.ppid} (main.ts, since 2001-01-13T10:00:00Z)`);
});

test("the claim of a process that got a dead one's number is not taken for the dead one's", async () => {
  await claimOf({ pid: process.ppid, start: '123' });
  const release = await claimFolder(folder.path);
  expect(await readdir(folder.path)).toHaveLength(2);
  await release();
});

test('the claim of a dead process is cleared away', async () => {
  await claimOf({ pid: 4_194_300, start: '5' });
  await claimAndRelease();
  expect(await readdir(folder.path)).toEqual([]);
});

test('a claim from another container holds while its heartbeat is fresh, and no longer', async () => {
  await claimOf({ host: '0badcafe', pid: 1, start: '9', ageSeconds: 20 });
  await expect(claimAndRelease()).rejects.toThrow('of another container or machine');
  await claimOf({ host: '0badcafe', pid: 1, start: '9', ageSeconds: 120 });
  await claimAndRelease();
});

/** A process that shows the sign of life at the path, as an owner in a container does. */
async function showSignElsewhere(path: string): Promise<ChildProcess> {
  const program = "require('node:net').createServer().listen(process.argv[1], () => console.log('shown'))";
  const child = spawn(process.execPath, ['-e', program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}

test('a claim from another container of this machine ends with its process, at once, and not while that is frozen', async () => {
  const { kernel } = await thisPlace();
  const file = await claimOf({ boot: '0badcafe', pid: 1, start: '9', kernel });
  const owner = await showSignElsewhere(file.replace(/lock$/, 'sock'));
  await expect(claimAndRelease()).rejects.toThrow('of another container or machine');
  owner.kill('SIGSTOP');
  await expect(claimAndRelease()).rejects.toThrow('of another container or machine');
  owner.kill('SIGKILL');
  await once(owner, 'exit');
  await claimAndRelease();
  expect(await readdir(folder.path)).toEqual([]);
});
