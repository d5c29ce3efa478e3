import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempDir, type TempDir } from '../temp-dir.ts';
import { checkJars } from './pinned-jars.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

let folder: TempDir;
beforeAll(async () => {
  folder = await tempDir('jars');
  await writeFile(join(folder.path, 'one-1.0.jar'), 'one');
  await writeFile(join(folder.path, 'two-2.0.jar'), 'changed');
});
afterAll(() => folder.remove());

describe('jars with checksums', () => {
  const one = { artifact: 'org.example:one:1.0', sha256: sha256('one') };

  it('are taken when each file is the one that was meant', async () => {
    await expect(checkJars([one], folder.path)).resolves.toBeUndefined();
  });

  it('are refused when one is another file, with both checksums and what to do', async () => {
    const two = { artifact: 'org.example:two:2.0', sha256: sha256('two') };
    await expect(checkJars([one, two], folder.path)).rejects.toThrow(
      new RegExp(`org.example:two:2.0 was fetched with the SHA-256 ${sha256('changed')}, and ${sha256('two')} is expected.*Delete .*maven`),
    );
  });
});
