/** `roofshot dead-letters`: what could not be handled, and what to do with it. */
import type {
  DeadLetter,
  KeyResult,
  LetterFilter,
  LetterResult,
  LettersAnswer,
  LettersChanged,
  ParkedKey,
  ParkedKeysAnswer,
} from '@roofshot/contracts/http/dead-letters';
import { suggest } from '@roofshot/runtime/nearest';
import { call } from '../client.ts';
import { EXIT, Exit, type ExitCode } from '../exit-codes.ts';
import { letterLines } from '../letters/letter-lines.ts';
import { listItems } from '../letters/list-items.ts';
import { err, out, printJson, short, tableLines } from '../print.ts';
import { numberOf, text, type CommandLine, type Invocation } from './command.ts';

const PATH = '/v1/dead-letters';
const FILTERS = ['service', 'kind', 'topic', 'queue', 'type', 'error', 'since', 'until'] as const;

export const deadLetters: CommandLine = {
  name: 'dead-letters',
  usage: 'dead-letters [list|show|keys|redrive|purge] [ID…]',
  summary:
    'list what could not be handled, show one with its message and stack, handle it again, or throw it away (--all, --service, --topic, --key, --type, --error, --reason, --dry-run)',
  options: {
    ...Object.fromEntries(FILTERS.map((name) => [name, { type: 'string' as const }])),
    key: { type: 'string' },
    limit: { type: 'string' },
    cursor: { type: 'string' },
    reason: { type: 'string' },
    all: { type: 'boolean' },
    'dry-run': { type: 'boolean' },
  },
  run: async (invocation) => {
    const [word = 'list', ...ids] = invocation.positionals;
    const act = ACTS.get(word);
    if (act === undefined) throw new Exit(EXIT.usage, `There is no dead-letters ${word}. ${suggest(word, [...ACTS.keys()])}`);
    return act(invocation, ids);
  },
};

type Act = (invocation: Invocation, ids: readonly string[]) => Promise<ExitCode>;

async function list(invocation: Invocation): Promise<ExitCode> {
  const answer = await call<LettersAnswer>(invocation.url, `${PATH}?${queryOf(invocation)}`);
  if (invocation.json) printJson(answer);
  else printLetters(answer);
  return EXIT.ok;
}

/** A letter's number in its service, by which the lists are ordered. */
const numberIn = (id: string): number => Number(id.slice(id.lastIndexOf(':') + 1));

async function show(invocation: Invocation, [id = '']: readonly string[]): Promise<ExitCode> {
  const [, service] = /^([a-z][a-z0-9-]*):[1-9][0-9]*$/.exec(id) ?? [];
  if (service === undefined) throw new Exit(EXIT.usage, 'Name the id of a dead letter, as the list tells it, like registry:12.');
  const letter = await findLetter(invocation.url, service, id);
  if (invocation.json) printJson(letter);
  else out(letterLines(letter).join('\n'));
  return EXIT.ok;
}

async function findLetter(url: string, service: string, id: string): Promise<DeadLetter> {
  for await (const letter of listItems<DeadLetter>(url, PATH, { service })) {
    if (letter.id === id) return letter;
    if (numberIn(letter.id) > numberIn(id)) break;
  }
  throw new Exit(EXIT.fault, `There is no dead letter ${id}: it was handled or purged, or never was. List them: roofshot dead-letters.`);
}

async function keys(invocation: Invocation): Promise<ExitCode> {
  const answer = await call<ParkedKeysAnswer>(invocation.url, `${PATH}/parked-keys?${queryOf(invocation)}`);
  if (invocation.json) printJson(answer);
  else printKeys(answer);
  return EXIT.ok;
}

async function purge(invocation: Invocation, ids: readonly string[]): Promise<ExitCode> {
  const reason = text(invocation, 'reason');
  if (reason === undefined) throw new Exit(EXIT.usage, 'Say why: --reason TEXT. It stands in the audit.');
  return change(invocation, 'purges', { ...chosen(invocation, ids), ...(await headOf(invocation)), reason });
}

const ACTS: ReadonlyMap<string, Act> = new Map<string, Act>([
  ['list', list],
  ['show', show],
  ['keys', keys],
  ['redrive', (invocation, ids) => change(invocation, 'redrives', { ...chosen(invocation, ids), ...keyOf(invocation) })],
  ['purge', purge],
]);

function filterOf(invocation: Invocation): LetterFilter {
  const given = FILTERS.flatMap((name) => {
    const value = text(invocation, name);
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(given) as LetterFilter;
}

function queryOf(invocation: Invocation): URLSearchParams {
  const query = new URLSearchParams(filterOf(invocation) as Record<string, string>);
  query.set('limit', String(numberOf(invocation, 'limit', 50)));
  const cursor = text(invocation, 'cursor');
  if (cursor !== undefined) query.set('cursor', cursor);
  return query;
}

/** Letters by their ids, or with --all those that the filter means. */
function chosen(invocation: Invocation, ids: readonly string[]): object {
  const isAll = invocation.values['all'] === true;
  const isKey = text(invocation, 'key') !== undefined;
  if (Number(ids.length > 0) + Number(isAll) + Number(isKey) !== 1) {
    throw new Exit(
      EXIT.usage,
      'Name ids (as the list tells them), or --all with or without a filter, or a parked key: --service S --topic T --key K.',
    );
  }
  if (ids.length > 0) return { ids };
  return isAll ? { filter: filterOf(invocation), limit: numberOf(invocation, 'limit', 100) } : {};
}

interface Key {
  readonly service: string;
  readonly topic: string;
  readonly key: string;
}

function namedKey(invocation: Invocation): Key | undefined {
  const [service, topic, key] = ['service', 'topic', 'key'].map((name) => text(invocation, name));
  if (key === undefined) return undefined;
  if (service !== undefined && topic !== undefined) return { service, topic, key };
  throw new Exit(EXIT.usage, 'A parked key is named by --service S --topic T --key K, as `roofshot dead-letters keys` tells them.');
}

function keyOf(invocation: Invocation): { readonly keys?: readonly Key[] } {
  const key = namedKey(invocation);
  return key === undefined ? {} : { keys: [key] };
}

/** The key with the event behind which it waits now, so that no other one is thrown away. */
async function headOf(invocation: Invocation): Promise<{ readonly keys?: readonly object[] }> {
  const named = namedKey(invocation);
  if (named === undefined) return {};
  const { service, topic, key } = named;
  for await (const { key: one, head } of listItems<ParkedKey>(invocation.url, `${PATH}/parked-keys`, { service, topic }))
    if (one === key && head !== null) return { keys: [{ ...named, partition: head.partition, offset: head.offset }] };
  throw new Exit(
    EXIT.fault,
    `The key ${JSON.stringify(key)} of ${topic} is not parked in ${service}. List them: roofshot dead-letters keys.`,
  );
}

async function change(invocation: Invocation, what: string, order: object): Promise<ExitCode> {
  const dryRun = invocation.values['dry-run'] === true;
  const answer = await call<LettersChanged>(invocation.url, `${PATH}/${what}`, { method: 'POST', body: { ...order, dryRun } });
  if (invocation.json) printJson(answer);
  else await tellChanged(invocation, answer, dryRun);
  const isGood = answer.complete && [...answer.results, ...answer.keys].every(({ outcome }) => GOOD.has(outcome));
  return isGood ? EXIT.ok : EXIT.fault;
}

const GOOD: ReadonlySet<string> = new Set(['handled', 'sent', 'flows', 'purged', 'would-redrive', 'would-purge', 'would-skip']);

/** With how many there are of each outcome, and how many more the same order would find: one takes a part of many. */
async function tellChanged(invocation: Invocation, answer: LettersChanged, isDryRun: boolean): Promise<void> {
  printChanged(answer);
  const outcomes = [...answer.results, ...answer.keys].map(({ outcome }) => outcome);
  const sums = [...new Set(outcomes)].map((outcome) => `${outcomes.filter((one) => one === outcome).length} ${outcome}`);
  err(`${sums.join(', ') || 'None'}.${isDryRun ? ' Nothing was changed; this was a dry run.' : ''}`);
  if (invocation.values['all'] !== true) return;
  const query = new URLSearchParams({ ...(filterOf(invocation) as Record<string, string>), limit: '1' });
  const { counts } = await call<LettersAnswer>(invocation.url, `${PATH}?${query}`);
  err(`${lettersIn(counts)} dead letters match the filter${isDryRun ? '' : ' now'}.`);
}

const lettersIn = (counts: LettersAnswer['counts']): number => counts.reduce((sum, { letters }) => sum + letters, 0);

function printLetters({ items, counts, parkedKeys, next, notices }: LettersAnswer): void {
  const rows = items.map(({ id, type, error, attempts, lastFailedAt, origin, state }) => [
    id,
    type ?? '',
    state === 'sent' ? 'sent again' : (error.code ?? ''),
    String(attempts ?? ''),
    lastFailedAt,
    'queue' in origin ? origin.queue : `${origin.topic}/${origin.partition}@${origin.offset}`,
    short(error.message),
  ]);
  out(tableLines(['ID', 'TYPE', 'ERROR', 'TRIES', 'LAST FAILED', 'FROM', 'WHY'], rows).join('\n'));
  err(
    `${lettersIn(counts)} dead letters; ${parkedKeys} parked keys (roofshot dead-letters keys). roofshot dead-letters show ID tells all of one.`,
  );
  printRest(next, notices);
}

function printKeys({ items, next, notices }: ParkedKeysAnswer): void {
  const rows = items.map(({ service, topic, key, waiting, head, error }) => [
    service,
    topic,
    key,
    String(waiting),
    head === null ? '' : `${head.partition}@${head.offset}`,
    short(error.message),
  ]);
  out(tableLines(['SERVICE', 'TOPIC', 'KEY', 'WAITING', 'BEHIND', 'WHY'], rows).join('\n'));
  printRest(next, notices);
}

function printChanged({ results, keys, notices }: LettersChanged): void {
  const why = ({ error }: LetterResult | KeyResult): string => (error === undefined ? '' : short(error.message));
  const rows = [
    ...results.map((one) => [one.id, one.outcome, why(one)]),
    ...keys.map((one) => [`${one.service} ${one.topic} ${one.key}`, one.outcome, `${one.handled} handled ${why(one)}`.trimEnd()]),
  ];
  out(tableLines(['WHAT', 'OUTCOME', 'WHY'], rows).join('\n'));
  printRest(null, notices);
}

function printRest(next: string | null, notices: LettersAnswer['notices']): void {
  if (next !== null) err(`There are more: --cursor ${next}`);
  for (const { service, detail } of notices) err(`${service}: ${detail}`);
}
