/** `roofshot quarantine`: the events that ingestion refused, and what to do with them. */
import { readFile } from 'node:fs/promises';
import type { DiscardAnswer, QuarantineCounts, QuarantinePage, RedriveAnswer, RefusedEvent } from '@roofshot/contracts/http/quarantine';
import { suggest } from '@roofshot/runtime/nearest';
import { call } from '../client.ts';
import { EXIT, Exit, type ExitCode } from '../exit-codes.ts';
import { err, out, printJson, short, tableLines } from '../print.ts';
import { numberOf, text, type CommandLine, type Invocation } from './command.ts';

const PATH = '/v1/quarantine';
/** Option → what the interface calls it. */
const FILTERS = {
  type: 'type',
  fault: 'reason',
  verdict: 'verdict',
  'write-key': 'writeKey',
  source: 'source',
  path: 'path',
  'event-id': 'eventId',
  subject: 'subject',
  since: 'since',
  until: 'until',
} as const;

export const quarantine: CommandLine = {
  name: 'quarantine',
  usage: 'quarantine [list|counts|show|redrive|discard] [ID…]',
  summary:
    'list events that were refused, repair and try them again, or discard them (which: ids or --all, --type, --fault, --source, --path; how: --patch, --as WRITE-KEY-ID, --reason TEXT for the audit, --dry-run)',
  options: {
    ...Object.fromEntries(Object.keys(FILTERS).map((name) => [name, { type: 'string' as const }])),
    status: { type: 'string' },
    limit: { type: 'string' },
    cursor: { type: 'string' },
    patch: { type: 'string' },
    as: { type: 'string' },
    reason: { type: 'string' },
    all: { type: 'boolean' },
    reveal: { type: 'boolean' },
    'dry-run': { type: 'boolean' },
  },
  run: async (invocation) => {
    const [word = 'list', ...ids] = invocation.positionals;
    const act = ACTS.get(word);
    if (act === undefined) throw new Exit(EXIT.usage, `There is no quarantine ${word}. ${suggest(word, [...ACTS.keys()])}`);
    return act(invocation, ids);
  },
};

type Act = (invocation: Invocation, ids: readonly string[]) => Promise<ExitCode>;

async function list(invocation: Invocation): Promise<ExitCode> {
  const query = queryOf(invocation, { limit: String(numberOf(invocation, 'limit', 50)), cursor: text(invocation, 'cursor') });
  const page = await call<QuarantinePage>(invocation.url, `${PATH}?${query}`);
  if (invocation.json) printJson(page);
  else printPage(page, text(invocation, 'status') !== undefined);
  return EXIT.ok;
}

async function counts(invocation: Invocation): Promise<ExitCode> {
  const answer = await call<QuarantineCounts>(invocation.url, `${PATH}/counts?${queryOf(invocation)}`);
  if (invocation.json) printJson(answer);
  else printCounts(answer);
  return EXIT.ok;
}

async function show(invocation: Invocation, [id]: readonly string[]): Promise<ExitCode> {
  if (id === undefined) throw new Exit(EXIT.usage, 'Name the id of a refused event, as the list tells it.');
  const reveal = invocation.values['reveal'] === true ? '?reveal=true' : '';
  const event = await call<RefusedEvent>(invocation.url, `${PATH}/${encodeURIComponent(id)}${reveal}`);
  if (invocation.json) printJson(event);
  else out(JSON.stringify(event, undefined, 2));
  return EXIT.ok;
}

async function redrive(invocation: Invocation, ids: readonly string[]): Promise<ExitCode> {
  const [limit, cursor] = [text(invocation, 'limit'), text(invocation, 'cursor')];
  const body = {
    ...chosen(invocation, ids),
    ...(await patchOf(invocation)),
    ...given({ as: text(invocation, 'as'), reason: text(invocation, 'reason'), cursor }),
    ...(limit !== undefined && { limit: numberOf(invocation, 'limit', 1) }),
    dryRun: invocation.values['dry-run'] === true,
  };
  const answer = await call<RedriveAnswer>(invocation.url, `${PATH}/redrives`, { method: 'POST', body });
  if (invocation.json) printJson(answer);
  else printRedrive(answer);
  const isDone = answer.late + answer.quarantined + answer.notOpen.length === 0 && answer.stopped === undefined;
  return isDone ? EXIT.ok : EXIT.fault;
}

async function discard(invocation: Invocation, ids: readonly string[]): Promise<ExitCode> {
  if (invocation.values['dry-run'] === true) return tryDiscard(invocation, ids);
  const reason = text(invocation, 'reason');
  if (reason === undefined) throw new Exit(EXIT.usage, 'Say why: --reason TEXT. It stands in the audit.');
  const body = { ...chosen(invocation, ids), reason };
  const answer = await call<DiscardAnswer>(invocation.url, `${PATH}/discards`, { method: 'POST', body });
  if (invocation.json) printJson(answer);
  else out(`${answer.discarded} discarded`);
  if (!invocation.json) printNotOpen(answer.notOpen);
  return answer.notOpen.length === 0 ? EXIT.ok : EXIT.fault;
}

/** The interface has no dry run of it. What is open is what would be discarded, and its counts and the dry run of a redrive tell that. */
async function tryDiscard(invocation: Invocation, ids: readonly string[]): Promise<ExitCode> {
  const { wouldDiscard, notOpen } = ids.length === 0 ? await openOfFilter(invocation) : await openOf(invocation, ids);
  if (invocation.json) printJson({ dryRun: true, wouldDiscard, notOpen });
  else out(`${wouldDiscard} would be discarded. Nothing was changed; this was a dry run.`);
  if (!invocation.json) printNotOpen(notOpen);
  return notOpen.length === 0 ? EXIT.ok : EXIT.fault;
}

interface WouldDiscard {
  readonly wouldDiscard: number;
  readonly notOpen: readonly string[];
}

async function openOfFilter(invocation: Invocation): Promise<WouldDiscard> {
  chosen(invocation, []);
  const query = new URLSearchParams(filterOf(invocation));
  const { total } = await call<QuarantineCounts>(invocation.url, `${PATH}/counts?${query}`);
  return { wouldDiscard: total, notOpen: [] };
}

async function openOf(invocation: Invocation, ids: readonly string[]): Promise<WouldDiscard> {
  const body = { ...chosen(invocation, ids), dryRun: true };
  const { results, notOpen, stopped } = await call<RedriveAnswer>(invocation.url, `${PATH}/redrives`, { method: 'POST', body });
  if (stopped !== undefined) throw new Exit(EXIT.fault, `How many are open is not known: ${stopped}`);
  return { wouldDiscard: results.length, notOpen };
}

const ACTS: ReadonlyMap<string, Act> = new Map([
  ['list', list],
  ['counts', counts],
  ['show', show],
  ['redrive', redrive],
  ['discard', discard],
]);

const given = (values: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));

const filterOf = (invocation: Invocation): Record<string, string> =>
  given(Object.fromEntries(Object.entries(FILTERS).map(([option, name]) => [name, text(invocation, option)])));

function queryOf(invocation: Invocation, page: Readonly<Record<string, string | undefined>> = {}): URLSearchParams {
  return new URLSearchParams({ ...filterOf(invocation), ...given({ status: text(invocation, 'status'), ...page }) });
}

/** Events by their ids, or with --all those that the filter means. */
function chosen(invocation: Invocation, ids: readonly string[]): object {
  const filter = filterOf(invocation);
  if (ids.length > 0 === (invocation.values['all'] === true) || (ids.length > 0 && Object.keys(filter).length > 0))
    throw new Exit(
      EXIT.usage,
      'Name ids (as the list tells them), or --all with or without a filter: --type T --fault REASON --path POINTER. Why it is done is told by --reason.',
    );
  return ids.length > 0 ? { ids } : { filter };
}

/** Of a file, or as JSON on the command line. */
async function patchOf(invocation: Invocation): Promise<{ readonly patch?: unknown }> {
  const given = text(invocation, 'patch');
  if (given === undefined) return {};
  const json = given.trimStart().startsWith('[') ? given : await readPatch(given);
  try {
    return { patch: JSON.parse(json) as unknown };
  } catch (error) {
    throw new Exit(EXIT.usage, `The patch is no JSON: ${(error as Error).message}. Give a file, or '[{"op": "replace", …}]'.`);
  }
}

async function readPatch(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new Exit(EXIT.usage, `The patch cannot be read: ${(error as Error).message}.`, { cause: error });
  }
}

/** Without `withStatus` all of them are open. */
function printPage({ events, next }: QuarantinePage, withStatus: boolean): void {
  const rows = events.map(({ id, receivedAt, eventType, eventId, status, reason, path, detail }) => [
    id,
    receivedAt,
    eventType,
    eventId,
    ...(withStatus ? [status] : []),
    reason,
    path ?? '',
    short(detail),
  ]);
  const head = ['ID', 'RECEIVED', 'TYPE', 'EVENT', ...(withStatus ? ['STATUS'] : []), 'REASON', 'PLACE', 'WHY'];
  out(tableLines(head, rows).join('\n'));
  printNext(next);
}

function printCounts({ counts: all, total }: QuarantineCounts): void {
  const rows = all.map(({ type, reason, verdict, status, events, newest }) => [type, reason, verdict, status, String(events), newest]);
  out(tableLines(['TYPE', 'REASON', 'VERDICT', 'STATUS', 'EVENTS', 'NEWEST'], rows).join('\n'));
  err(`${total} events`);
}

/** Those that are not done, and the sums. */
function printRedrive(answer: RedriveAnswer): void {
  const { dryRun, accepted, duplicate, late, quarantined, results, notOpen, next, stopped } = answer;
  const rows = results.flatMap(({ id, eventId, reason, path, detail }) =>
    reason === undefined ? [] : [[id, eventId, reason, path ?? '', short(detail)]],
  );
  if (rows.length > 0) out(tableLines(['ID', 'EVENT', 'REASON', 'PLACE', 'STILL WRONG'], rows).join('\n'));
  const sums = `${accepted} accepted, ${duplicate} duplicate, ${late} late, ${quarantined} quarantined`;
  out(dryRun ? `${sums}. Nothing was changed; this was a dry run.` : sums);
  printNotOpen(notOpen);
  if (stopped !== undefined) err(stopped);
  printNext(next);
}

function printNotOpen(ids: readonly string[]): void {
  if (ids.length > 0) err(`Not open (any more): ${ids.join(', ')}`);
}

function printNext(next: string | null): void {
  if (next !== null) err(`There are more: --cursor ${next}`);
}
