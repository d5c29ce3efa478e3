import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { allCommands, allTopics } from '@roofshot/contracts/topics';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Source {
  readonly path: string;
  readonly text: string;
}

/** The sources of libraries and services that run in production, the console's page apart: it logs nothing. */
export function productionSources(): Source[] {
  const folders = ['libs', 'services'].flatMap((group) => readdirSync(join(ROOT, group)).map((name) => join(ROOT, group, name, 'src')));
  return folders.flatMap(filesBelow).filter(isProduction).map(read);
}

function filesBelow(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

function isProduction(path: string): boolean {
  return path.endsWith('.ts') && !/\.(test|conformance|d)\.ts$|-lab\.ts$|\/libs\/testing\/|\/services\/console\//.test(path);
}

const read = (path: string): Source => ({ path: relative(ROOT, path), text: readFileSync(path, 'utf8') });

/** A quoted key with a dot in it, with what it is given: the form of a field of a log line, and of little else. */
const KEY = /(?:^|[{,([\s])'((?:[a-z_]+\.)+[a-z_]+)'\]?\s*[:=](?!=)\s*([\w.]*)/gm;

/** What has the same form: metrics where they are defined, and tables of message types. */
const METRICS = new Set(['counter', 'gauge', 'timing']);
const MESSAGES = new Set([...allTopics.flatMap(({ events }) => events.map(({ type }) => type)), ...allCommands.map(({ type }) => type)]);

/** Every field that a log line of the platform may have → the files that say it. */
export function loggedFields(sources: readonly Source[]): Map<string, Set<string>> {
  const fields = new Map<string, Set<string>>();
  for (const { path, text } of sources) {
    for (const [, field = '', value = ''] of text.matchAll(KEY)) {
      if (METRICS.has(value) || MESSAGES.has(field)) continue;
      fields.set(field, (fields.get(field) ?? new Set()).add(path));
    }
  }
  return fields;
}
