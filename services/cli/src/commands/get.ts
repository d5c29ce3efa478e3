/** `roofshot get KIND [NAME]`: resources as their owners have them. */
import type { Resource } from '@roofshot/contracts/define';
import { allKinds } from '@roofshot/contracts/resources';
import { stringify } from 'yaml';
import { call } from '../client.ts';
import { EXIT, Exit } from '../exit-codes.ts';
import { suggest } from '@roofshot/runtime/nearest';
import { out, printJson, tableLines } from '../print.ts';
import type { CommandLine } from './command.ts';

export const get: CommandLine = {
  name: 'get',
  usage: 'get KIND [NAME]',
  summary: 'list resources of a kind, or show one with its status',
  run: async ({ positionals: [kind, name], url, json }) => {
    const { plural } = kindOf(kind);
    if (name !== undefined) {
      const resource = await call<Resource>(url, `/v1/${plural}/${encodeURIComponent(name)}`);
      if (json) printJson(resource);
      else out(stringify(resource).trimEnd());
      return EXIT.ok;
    }
    const { items } = await call<{ items: Resource[] }>(url, `/v1/${plural}`);
    if (json) printJson(items);
    else out(tableLines(['NAME', 'GENERATION', 'DESCRIPTION'], items.map(rowOf)).join('\n'));
    return EXIT.ok;
  },
};

const rowOf = (item: Resource): string[] => [item.metadata.name, String(item.generation ?? ''), item.metadata.description ?? ''];

function kindOf(word: string | undefined): (typeof allKinds)[number] {
  if (word === undefined) throw new Exit(EXIT.usage, `Name a kind: ${allKinds.map((kind) => kind.plural).join(', ')}.`);
  const wanted = word.toLowerCase();
  const found = allKinds.find(({ name, plural }) => [name.toLowerCase(), plural, plural.replace(/s$/, '')].includes(wanted));
  if (found === undefined)
    throw new Exit(
      EXIT.usage,
      `There is no kind ${word}. ${suggest(
        word,
        allKinds.map((kind) => kind.plural),
      )}`,
    );
  return found;
}
