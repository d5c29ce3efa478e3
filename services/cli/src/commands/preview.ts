/** `roofshot preview FILE`: values of a feature view on the last events, before anything is applied. */
import { call } from '../client.ts';
import { EXIT, Exit } from '../exit-codes.ts';
import { loadResources } from '../load-resources.ts';
import { err, faultLines, out, printJson, tableLines } from '../print.ts';
import { numberOf, text, type CommandLine } from './command.ts';

interface Preview {
  readonly rows: readonly Readonly<Record<string, string | number | null>>[];
}

export const preview: CommandLine = {
  name: 'preview',
  usage: 'preview FILE [--view NAME] [--events 100]',
  summary: 'show values of a feature view on the last events, without applying it',
  options: { events: { type: 'string' }, view: { type: 'string' } },
  run: async (invocation) => {
    const [file] = invocation.positionals;
    if (file === undefined) throw new Exit(EXIT.usage, 'Name the YAML file with the feature view.');
    const { resources, faults } = loadResources([file]);
    if (faults.length > 0) {
      err(faultLines(faults).join('\n'));
      return EXIT.fault;
    }
    const name = text(invocation, 'view');
    const views = resources.filter(
      ({ resource }) => resource.kind === 'FeatureView' && (name === undefined || resource.metadata.name === name),
    );
    if (views.length === 0) throw new Exit(EXIT.usage, `${file} declares no FeatureView${name === undefined ? '' : ` ${name}`}.`);
    const entities = resources.filter(({ resource }) => resource.kind === 'Entity').map(({ resource }) => resource);
    for (const { resource } of views) {
      const body = { view: resource, entities, events: numberOf(invocation, 'events', 100) };
      const answer = await call<Preview>(invocation.url, '/v1/feature-views/preview', { method: 'POST', body });
      if (invocation.json) printJson({ view: resource.metadata.name, ...answer });
      else printRows(resource.metadata.name, answer);
    }
    return EXIT.ok;
  },
};

function printRows(view: string, { rows }: Preview): void {
  const columns = Object.keys(rows[0] ?? {});
  out(`${view}: ${rows.length} rows`);
  if (rows.length > 0)
    out(
      tableLines(
        columns,
        rows.map((row) => columns.map((column) => String(row[column] ?? '–'))),
      ).join('\n'),
    );
}
