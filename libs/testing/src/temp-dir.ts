import { chmod, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TempDir {
  path: string;
  remove(): Promise<void>;
}

/** A new empty folder of this test's own. The name has a space in it: paths with spaces must work everywhere. */
export async function tempDir(name = 'test'): Promise<TempDir> {
  const path = await realpath(await mkdtemp(join(tmpdir(), `roofshot ${name} `)));
  await chmod(path, 0o711); // servers that refuse to run as root must get through to their own folders
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) };
}
