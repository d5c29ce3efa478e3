/** Files that are written from code and checked in, so that a change of the code is a visible difference of what others read. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface GeneratedFiles {
  /** The folder that `files` and `folders` are relative to. */
  readonly root: string;
  /** Path → text. */
  readonly files: ReadonlyMap<string, string>;
  /** Folders in which nothing else lies. */
  readonly folders: readonly string[];
}

/** Paths whose text is not what the code says now, and files that the code says nothing of. */
export function staleFiles({ root, files, folders }: GeneratedFiles): string[] {
  const stale = [...files].filter(([path, text]) => read(join(root, path)) !== text).map(([path]) => path);
  const found = folders.flatMap((folder) => namesIn(join(root, folder)).map((name) => `${folder}/${name}`));
  return [...stale, ...found.filter((path) => !files.has(path))];
}

export function writeFiles({ root, files, folders }: GeneratedFiles): void {
  for (const folder of folders) rmSync(join(root, folder), { recursive: true, force: true });
  for (const [path, text] of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

const read = (path: string): string | undefined => (existsSync(path) ? readFileSync(path, 'utf8') : undefined);
const namesIn = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : []);
