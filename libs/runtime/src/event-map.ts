import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { OTHERS } from '@roofshot/contracts/define';
import { hearingsOf, publishesOf, type Hearing } from './conversation.ts';
import type { AnyService } from './service.ts';

/** One row: a message, who says it, where it travels, and which function of whom takes it. */
export interface MapRow {
  readonly message: string;
  readonly publisher: string;
  readonly topic: string;
  /** Consumer group; `each process` for topics that are followed. */
  readonly group: string;
  readonly handler: string;
  /** Relative to `root`; empty where none declares the handler's class or function. */
  readonly file: string;
}

/**
 * Every message of these services with its readers, from the manifests and handler tables. `sources`: service → folder with its
 * sources, in which the handlers' classes and functions are looked up; `root`: what file names are relative to.
 */
export async function eventMap(services: readonly AnyService[], sources: ReadonlyMap<string, string>, root: string): Promise<MapRow[]> {
  const rows: MapRow[] = [];
  const hearings = services.flatMap(hearingsOf);
  for (const service of services) rows.push(...saidBy(service, hearings));
  rows.push(...hearings.flatMap(saidByOthers));
  const files = await filesOfNames(sources, root);
  return rows.map((row) => ({ ...row, file: files.get(`${row.file}/${row.handler.split('.')[0] ?? ''}`) ?? '' }));
}

const READ_BY_NOBODY = { group: 'public', handler: '–', file: '' };

/** `file` holds the reader's service until the file is found. */
function saidBy(service: AnyService, hearings: readonly Hearing[]): MapRow[] {
  const { name, sends } = service;
  const readers = (matches: (hearing: Hearing) => boolean): Pick<MapRow, 'group' | 'handler' | 'file'>[] => {
    const found = hearings.filter(matches).map((hearing) => ({ group: groupOf(hearing), handler: hearing.target, file: hearing.service }));
    return found.length > 0 ? found : [READ_BY_NOBODY];
  };
  const events = publishesOf(service).flatMap((topic) => {
    if (topic.kind === 'topic-family') {
      return readers((hearing) => hearing.topic === topic).map((reader) => ({
        message: 'any',
        publisher: name,
        topic: `${topic.prefix}<type>`,
        ...reader,
      }));
    }
    return topic.events.flatMap((event) =>
      readers((hearing) => hearing.topic === topic && (hearing.event ?? event) === event).map((reader) => ({
        message: event.type,
        publisher: name,
        topic: topic.name,
        ...reader,
      })),
    );
  });
  const commands = sends.flatMap((command) =>
    readers((hearing) => hearing.command === command).map((reader) => ({
      message: command.type,
      publisher: name,
      topic: command.queue,
      ...reader,
    })),
  );
  return [...events, ...commands];
}

function saidByOthers(hearing: Hearing): MapRow[] {
  const { topic, target, service } = hearing;
  if (topic?.kind !== 'topic' || topic.owner !== OTHERS) return [];
  return [{ message: 'any', publisher: 'other teams', topic: topic.name, group: groupOf(hearing), handler: target, file: service }];
}

const groupOf = ({ kind, service }: Hearing): string => (kind === 'follow' ? `each process of ${service}` : service);

/** `<service>/<class or function>` → file. */
async function filesOfNames(sources: ReadonlyMap<string, string>, root: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const [service, folder] of sources) {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.endsWith('.ts') || entry.name.endsWith('.test.ts')) continue;
      const path = join(entry.parentPath, entry.name);
      const text = await readFile(path, 'utf8');
      for (const [, name = ''] of text.matchAll(/^export (?:abstract class|class|async function|function) (\w+)/gm))
        files.set(`${service}/${name}`, relative(root, path));
    }
  }
  return files;
}

const HEADS = ['message', 'publisher', 'topic or queue', 'group', 'handler', 'file'] as const;

/** The rows as a Markdown table. */
export function eventMapTable(rows: readonly MapRow[]): string {
  const lines = rows.map(({ message, publisher, topic, group, handler, file }) => [message, publisher, topic, group, handler, file]);
  const code = (text: string): string => text.replaceAll('|', '\\|');
  return [HEADS, HEADS.map(() => '---'), ...lines].map((cells) => `| ${cells.map(code).join(' | ')} |`).join('\n');
}
