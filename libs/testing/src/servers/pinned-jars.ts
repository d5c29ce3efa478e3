// Jars that are named one by one with their checksums: what a test compares with is then the same on every machine and every day.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { copyOnlyJars } from './maven.ts';
import { cacheFolder, cached } from './server-cache.ts';

export interface PinnedJar {
  /** `group:artifact:version` in Maven Central. */
  readonly artifact: string;
  /** Of the file, in hexadecimal digits. */
  readonly sha256: string;
}

/**
 * The paths of these jars in the cache, in their order, and nothing of what they may need besides. `name` is the readable part of their
 * folder's name.
 *
 * @throws NotToBeHad where they cannot be fetched; an Error where what was fetched is another file
 */
export async function pinnedJars(name: string, jars: readonly PinnedJar[]): Promise<string[]> {
  const list = createHash('sha256').update(JSON.stringify(jars)).digest('hex').slice(0, 12);
  const folder = await cached(`${name}-${list}`, async (unfinished) => {
    const artifacts = jars.map(({ artifact }) => artifact);
    await copyOnlyJars(artifacts, unfinished);
    await checkJars(jars, unfinished);
  });
  return jars.map((jar) => join(folder, fileOf(jar)));
}

/** @throws Error that names the first file in the folder whose checksum is another one */
export async function checkJars(jars: readonly PinnedJar[], folder: string): Promise<void> {
  for (const jar of jars) {
    const found = createHash('sha256')
      .update(await readFile(join(folder, fileOf(jar))))
      .digest('hex');
    if (found !== jar.sha256) throw new Error(await difference(jar, found));
  }
}

async function difference({ artifact, sha256 }: PinnedJar, found: string): Promise<string> {
  const repository = join(await cacheFolder(), 'maven');
  return `${artifact} was fetched with the SHA-256 ${found}, and ${sha256} is expected: it is damaged, or the mirror in ~/.m2/settings.xml has another file. Delete ${repository} and try again; if it stays so, fetch from Maven Central itself.`;
}

function fileOf({ artifact }: PinnedJar): string {
  const [, name, version] = artifact.split(':');
  return `${name}-${version}.jar`;
}
