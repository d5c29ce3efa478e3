import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempDir, type TempDir } from '../temp-dir.ts';
import { cached } from './server-cache.ts';

const before = process.env.ROOFSHOT_CACHE;
let folder: TempDir;
beforeAll(async () => {
  folder = await tempDir('cache');
  process.env.ROOFSHOT_CACHE = folder.path;
});
afterAll(async () => {
  if (before === undefined) delete process.env.ROOFSHOT_CACHE;
  else process.env.ROOFSHOT_CACHE = before;
  await folder.remove();
});

describe('the cache of downloaded programs', () => {
  it('is filled once by several that want the same at the same time', async () => {
    let fillings = 0;
    const fill = async (into: string) => {
      fillings += 1;
      await writeFile(join(into, 'program'), 'whole');
    };
    const found = await Promise.all([cached('one', fill), cached('one', fill), cached('one', fill)]);
    expect(fillings).toBe(1);
    expect(new Set(found).size).toBe(1);
    expect(await readdir(found[0])).toEqual(['program']);
  });

  it('keeps nothing of a filling that failed, and is filled by the next', async () => {
    const failing = async (into: string) => {
      await writeFile(join(into, 'half'), '');
      throw new Error('the line was cut');
    };
    await expect(cached('two', failing)).rejects.toThrow('the line was cut');
    expect(await readdir(await cached('two', (into) => writeFile(join(into, 'whole'), '')))).toEqual(['whole']);
  });
});
