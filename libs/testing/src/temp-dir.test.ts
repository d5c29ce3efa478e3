import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempDir } from './temp-dir.ts';

test('folders are new each time, have a space in their path, and go with all their content', async () => {
  const [first, second] = await Promise.all([tempDir('a'), tempDir('a')]);
  expect(first.path).not.toBe(second.path);
  expect(first.path).toContain(' ');
  await mkdir(join(first.path, 'deep'));
  await writeFile(join(first.path, 'deep', 'file'), 'x');
  await Promise.all([first.remove(), second.remove()]);
  expect(existsSync(first.path)).toBe(false);
});
