/** `roofshot preview FILE`: values of a feature view on the last events, before anything is applied. */
import { call } from '../client.ts';
import { eventFindings } from '../event-references.ts';
import { EXIT, Exit, type ExitCode } from '../exit-codes.ts';
import { KnownResources } from '../known-resources.ts';
import { loadResources, type FileFault, type Loaded, type LoadedResource } from '../load-resources.ts';
import { err, faultLines, out, printJson, tableLines, warningLines } from '../print.ts';
import { referenceFaults } from '../references.ts';
import { numberOf, text, type CommandLine, type Invocation } from './command.ts';

interface Preview {
  readonly rows: readonly Readonly<Record<string, string | number | null>>[];
  readonly warnings: readonly string[];
}

export const preview: CommandLine = {
  name: 'preview',
  usage: 'preview FILE [--view NAME] [--events 100]',
  summary: 'show values of a feature view on the last events, without applying it',
  options: { events: { type: 'string' }, view: { type: 'string' } },
  run: async (invocation) => {
    const [file] = invocation.positionals;
    if (file === undefined) throw new Exit(EXIT.usage, 'Name the YAML file with the feature view.');
    const loaded = loadResources([file]);
    if (loaded.faults.length > 0) return refuse(invocation, loaded.faults);
    const views = viewsOf(loaded, file, text(invocation, 'view'));
    const known = new KnownResources(invocation.url, loaded.resources, loaded.declared);
    const { faults, warnings } = await eventFindings(views, known);
    const all = [...(await referenceFaults({ ...loaded, resources: views }, known)), ...faults];
    if (all.length > 0) return refuse(invocation, all, warnings);
    for (const view of views) await show(invocation, view, { loaded, warnings });
    return EXIT.ok;
  },
};

function refuse({ json }: Invocation, faults: readonly FileFault[], warnings: readonly FileFault[] = []): ExitCode {
  if (json) printJson({ faults, warnings });
  else err([...warningLines(warnings), ...faultLines(faults)].join('\n'));
  return EXIT.fault;
}

function viewsOf({ resources }: Loaded, file: string, name: string | undefined): LoadedResource[] {
  const views = resources.filter(({ resource: { kind, metadata } }) => kind === 'FeatureView' && (name ?? metadata.name) === metadata.name);
  if (views.length === 0) throw new Exit(EXIT.usage, `${file} declares no FeatureView${name === undefined ? '' : ` ${name}`}.`);
  return views;
}

interface Around {
  readonly loaded: Loaded;
  /** Of all views. */
  readonly warnings: readonly FileFault[];
}

async function show(invocation: Invocation, { resource }: LoadedResource, { loaded, warnings }: Around): Promise<void> {
  const entities = loaded.resources.filter(({ resource: { kind } }) => kind === 'Entity').map((one) => one.resource);
  const body = { view: resource, entities, events: numberOf(invocation, 'events', 100) };
  const answer = await call<Preview>(invocation.url, '/v1/feature-views/preview', { method: 'POST', body });
  const own = warnings.filter(({ message }) => message.startsWith(`FeatureView/${resource.metadata.name}: `));
  const told = [...faultLines(own), ...answer.warnings];
  if (invocation.json) return printJson({ view: resource.metadata.name, ...answer, warnings: told });
  printRows(resource.metadata.name, answer);
  if (told.length > 0) err(told.map((warning) => `warning: ${warning}`).join('\n'));
}

function printRows(view: string, { rows }: Preview): void {
  const columns = Object.keys(rows[0] ?? {});
  out(`${view}: ${rows.length} row${rows.length === 1 ? '' : 's'}`);
  if (rows.length > 0)
    out(
      tableLines(
        columns,
        rows.map((row) => columns.map((column) => String(row[column] ?? '–'))),
      ).join('\n'),
    );
}
