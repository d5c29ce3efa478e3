import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TempDir {
  path: string;
  remove(): Promise<void>;
}

/** A new empty folder of this test's own. The name has a space in it: paths with spaces must work everywhere. */
export async function tempDir(name = 'test'): Promise<TempDir> {
  const path = await realpath(await mkdtemp(join(tmpdir(), `roofshot ${name} `)));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) };
}
