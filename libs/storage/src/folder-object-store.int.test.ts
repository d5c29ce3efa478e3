import { chmod, mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { mountSmallDisk } from '@roofshot/testing/small-disk';
import { tempDir } from '@roofshot/testing/temp-dir';
import type { TempDir } from '@roofshot/testing/temp-dir';
import { objectStoreConformance } from './object-store.conformance.ts';
import { openObjectStore } from './open-object-store.ts';

objectStoreConformance('a folder', async () => {
  const folder = await tempDir('object store');
  return {
    open: () => openObjectStore(`file:${folder.path}`),
    damage: async (key) => {
      const hash = key.slice('sha256/'.length);
      const path = join(folder.path, 'sha256', hash.slice(0, 2), hash.slice(2));
      const content = await readFile(path);
      content.writeUInt8(content.readUInt8(5_000) ^ 1, 5_000);
      await chmod(path, 0o600);
      await writeFile(path, content);
    },
    dispose: () => folder.remove(),
  };
});

describe('opening a folder', () => {
  let work: TempDir;
  beforeAll(async () => (work = await tempDir('opening')));
  afterAll(() => work.remove());

  test('a URL with escapes and a plain path name the same folder', async () => {
    const folder = join(work.path, 'with a space');
    const { key } = await (await openObjectStore(pathToFileURL(folder).href)).putBytes(Buffer.from('x'));
    expect(await (await openObjectStore(`file:${folder}`)).has(key)).toBe(true);
  });

  test('a path that leads through a file is refused with the remedy', async () => {
    const file = join(work.path, 'file');
    await writeFile(file, '');
    await expect(openObjectStore(`file:${file}`)).rejects.toThrow('a part of its path is a file. Choose another folder.');
  });

  test('an unknown scheme is refused with what is supported', async () => {
    await expect(openObjectStore('ftp://host/x')).rejects.toThrow('Use file:DIR or s3://bucket.');
  });

  test('a put that fails half-way leaves nothing behind', async () => {
    const folder = join(work.path, 'half');
    const store = await openObjectStore(`file:${folder}`);
    const unreadable = join(work.path, 'a folder, not a file');
    await mkdir(unreadable);
    await expect(store.putFile(unreadable)).rejects.toThrow('EISDIR');
    expect(await readdir(join(folder, 'unfinished'))).toEqual([]);
  });

  test('on a full disk a put is refused with what to do and leaves nothing behind, and goes well when there is room', async () => {
    const disk = mountSmallDisk(join(work.path, 'small'), 2);
    if (disk === undefined) return;
    try {
      const store = await openObjectStore(`file:${disk.path}`);
      const content = Buffer.alloc(1_000_000, 'model');
      disk.fill();
      await expect(store.putBytes(content)).rejects.toThrow(
        `The disk that holds the data folder ${disk.path} is full. Free some space and try again; nothing is lost.`,
      );
      disk.free();
      expect(await readdir(join(disk.path, 'unfinished'))).toEqual([]);
      const { key } = await store.putBytes(content);
      expect((await store.read(key)).equals(content)).toBe(true);
    } finally {
      disk.remove();
    }
  });

  test('what a killed process left unfinished is cleared away after a day, a put under way is not', async () => {
    const folder = join(work.path, 'abandoned');
    await openObjectStore(`file:${folder}`);
    const [old, young] = [join(folder, 'unfinished', 'old'), join(folder, 'unfinished', 'young')];
    await writeFile(old, 'half');
    await writeFile(young, 'half');
    const yesterday = new Date(Date.now() - 25 * 3_600_000);
    await utimes(old, yesterday, yesterday);
    await openObjectStore(`file:${folder}`);
    expect(await readdir(join(folder, 'unfinished'))).toEqual(['young']);
  });
});
