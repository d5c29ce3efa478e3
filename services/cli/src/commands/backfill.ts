/** `roofshot backfill [VIEW [ACTION]]`: changed feature views that are computed beside the ones that answer. */
import type { BackfillAnswer, BackfillList } from '@roofshot/contracts/http/backfills';
import { suggest } from '@roofshot/runtime/nearest';
import type { Static } from 'typebox';
import { call } from '../client.ts';
import { EXIT, Exit, type ExitCode } from '../exit-codes.ts';
import { out, printJson, tableLines } from '../print.ts';
import { text, type CommandLine, type Invocation } from './command.ts';

const ACTIONS = ['pause', 'resume', 'cancel', 'switch'];

export const backfill: CommandLine = {
  name: 'backfill',
  usage: 'backfill [VIEW [pause|resume|cancel|switch]] [--wait 30s]',
  summary: 'changed feature views, computed beside the ones that answer: how far they are, and how they differ',
  options: { wait: { type: 'string' } },
  run: async (invocation) => {
    const [view, action] = invocation.positionals;
    if (view === undefined) return list(invocation);
    if (action === undefined) return show(invocation, view);
    if (!ACTIONS.includes(action)) throw new Exit(EXIT.usage, `A back-fill cannot ${action}. ${suggest(action, ACTIONS)}`);
    const path = `/v1/feature-backfills/${encodeURIComponent(view)}`;
    return tell(invocation, await call<BackfillAnswer>(invocation.url, path, { method: 'POST', body: { action } }));
  },
};

async function list({ url, json }: Invocation): Promise<ExitCode> {
  const { items } = await call<Static<typeof BackfillList>>(url, '/v1/feature-backfills');
  if (json) printJson(items);
  else if (items.length === 0) out('No feature view was changed since it was declared.');
  else out(tableLines(['VIEW', 'GENERATION', 'FROM', 'STATE', 'FOLDED', 'STARTED'], items.map(rowOf)).join('\n'));
  return EXIT.ok;
}

async function show(invocation: Invocation, view: string): Promise<ExitCode> {
  const wait = text(invocation, 'wait');
  const query = wait === undefined ? '' : `?wait=${encodeURIComponent(wait)}`;
  return tell(invocation, await call<BackfillAnswer>(invocation.url, `/v1/feature-backfills/${encodeURIComponent(view)}${query}`));
}

function tell({ json }: Invocation, answer: BackfillAnswer): ExitCode {
  if (json) printJson(answer);
  else out(storyOf(answer).join('\n'));
  return EXIT.ok;
}

const rowOf = (answer: BackfillAnswer): string[] => [
  answer.view,
  String(answer.generation),
  String(answer.from),
  answer.state,
  foldedOf(answer),
  answer.startedAt,
];

const foldedOf = ({ position, end }: BackfillAnswer): string => `${position} of ${end}`;

function storyOf(answer: BackfillAnswer): string[] {
  const { view, generation, from, state, report } = answer;
  const folded = `${view}: generation ${generation} beside ${from}, ${state}, ${foldedOf(answer)} records folded`;
  if (report === null) return [folded];
  const { rowsBefore, rowsAfter, sample, added, removed, features } = report;
  const names = [...added.map((name) => `+${name}`), ...removed.map((name) => `-${name}`)];
  const rows = features.map(({ feature, changed, compared, greatest, shift }) => [
    feature,
    `${changed} of ${compared}`,
    greatest === null ? '–' : String(greatest),
    shift ?? 'not known',
  ]);
  return [
    folded,
    `rows: ${rowsBefore} before, ${rowsAfter} after; ${sample} compared${names.length === 0 ? '' : `; features: ${names.join(' ')}`}`,
    ...tableLines(['FEATURE', 'CHANGED', 'GREATEST', 'SHIFT'], rows),
  ];
}
