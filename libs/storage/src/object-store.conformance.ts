import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempDir } from '@roofshot/testing/temp-dir';
import type { TempDir } from '@roofshot/testing/temp-dir';
import { ObjectDamaged, ObjectMissing } from './object-store.ts';
import type { ObjectStore } from './object-store.ts';

/** Stores that share one fresh backend. */
export interface ObjectStoreFixture {
  /** Another store on the same backend, as another process would open it. */
  open(): Promise<ObjectStore>;
  /** Changes the stored content behind the store's back, as a failing disk would. */
  damage(key: string): Promise<void>;
  dispose(): Promise<void>;
}

const LARGE_BYTES = 9_000_001;

/** The promises of `ObjectStore`, as tests: each adapter's integration test calls this with its own backend. */
export function objectStoreConformance(name: string, start: () => Promise<ObjectStoreFixture>): void {
  describe(`the object store on ${name}`, () => {
    let fixture: ObjectStoreFixture;
    let store: ObjectStore;
    let work: TempDir;
    beforeAll(async () => {
      [fixture, work] = await Promise.all([start(), tempDir('objects')]);
      store = await fixture.open();
    });
    afterAll(async () => {
      await store.close();
      await fixture.dispose();
      await work.remove();
    });

    test('an object is named by the SHA-256 of its content', async () => {
      const content = Buffer.from('one model\n');
      const expected = { key: `sha256/${createHash('sha256').update(content).digest('hex')}`, bytes: content.length };
      expect(await store.putBytes(content)).toEqual(expected);
      expect(await store.read(expected.key)).toEqual(content);
      expect(await store.has(expected.key)).toBe(true);
      expect(store.waitingFor()).toEqual([]);
    });

    test('the same content put again, from a file or from memory, is the same object', async () => {
      const path = join(work.path, 'artifact.onnx');
      await writeFile(path, 'the same');
      const fromFile = await store.putFile(path);
      expect(await store.putBytes(Buffer.from('the same'))).toEqual(fromFile);
      expect(await readFile(path, 'utf8')).toBe('the same');
    });

    test('large and empty objects come back byte for byte by every way of reading', async () => {
      for (const content of [randomBytes(LARGE_BYTES), Buffer.alloc(0)]) {
        const { key, bytes } = await store.putBytes(content);
        const copy = join(work.path, 'copy');
        await store.fetchToFile(key, copy);
        expect(bytes).toBe(content.length);
        expect((await store.read(key)).equals(content)).toBe(true);
        expect((await readFile(await store.fetch(key))).equals(content)).toBe(true);
        expect((await readFile(copy)).equals(content)).toBe(true);
      }
    });

    test('another store on the same backend reads what was put', async () => {
      const { key } = await store.putBytes(Buffer.from('shared'));
      const other = await fixture.open();
      expect((await other.read(key)).toString()).toBe('shared');
      await other.close();
    });

    test('many puts of one content at once leave one whole object', async () => {
      const content = randomBytes(200_000);
      const refs = await Promise.all(Array.from({ length: 12 }, () => store.putBytes(content)));
      expect(new Set(refs.map(({ key }) => key)).size).toBe(1);
      expect((await store.read(refs[0]?.key ?? '')).equals(content)).toBe(true);
    });

    test('an object that was never put is missing, by every way of reading, and no file appears', async () => {
      const key = `sha256/${'0'.repeat(64)}`;
      const folder = join(work.path, 'nothing');
      await mkdir(folder);
      expect(await store.has(key)).toBe(false);
      await expect(store.read(key)).rejects.toThrow(ObjectMissing);
      await expect(store.fetch(key)).rejects.toThrow(`There is no object ${key}`);
      await expect(store.fetchToFile(key, join(folder, 'x'))).rejects.toThrow(ObjectMissing);
      expect(await readdir(folder)).toEqual([]);
    });

    test('damaged content is never handed out, and putting the original repairs it', async () => {
      const content = randomBytes(10_000);
      const { key } = await store.putBytes(content);
      await fixture.damage(key);
      const folder = join(work.path, 'damaged');
      await mkdir(folder);
      await expect(store.read(key)).rejects.toThrow(ObjectDamaged);
      await expect(store.fetch(key)).rejects.toThrow('is damaged');
      await expect(store.fetchToFile(key, join(folder, 'x'))).rejects.toThrow(ObjectDamaged);
      expect(await readdir(folder)).toEqual([]);
      await store.putBytes(content);
      expect((await store.read(key)).equals(content)).toBe(true);
    });

    test.each(['', 'model.onnx', 'sha256/../../etc/passwd', `sha256/${'A'.repeat(64)}`, `md5/${'0'.repeat(64)}`])(
      'the text "%s" is no key',
      async (text) => {
        await expect(store.read(text)).rejects.toThrow(RangeError);
        await expect(store.fetch(text)).rejects.toThrow('is not the key of an object');
        await expect(store.has(text)).rejects.toThrow(RangeError);
      },
    );

    test('a file that is not there cannot be stored', async () => {
      await expect(store.putFile(join(work.path, 'absent'))).rejects.toThrow('cannot be stored: it is missing');
    });
  });
}
