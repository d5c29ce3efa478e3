/** The rows as people read them: on a terminal, and in docs/faults.md. */
import { cpus, totalmem } from 'node:os';
import { isClean } from './matrix.ts';
import { GROUNDS, type Ground } from './platform.ts';
import type { Row } from './run-fault.ts';

const COLUMNS = ['sent', 'acknowledged', 'observed', 'lost', 'doubled', 'out of order', 'sent again', 'seconds to recover'];
const GIGABYTE = 2 ** 30;

function cells(row: Row): string[] {
  const { sent, acknowledged, observed, lost, doubled, outOfOrder, repeated, secondsToRecover } = row;
  return [sent, acknowledged, observed, lost, doubled, outOfOrder, repeated].map(String).concat(secondsToRecover.toFixed(1));
}

export function lineOf(row: Row): string {
  const figures = cells(row).map((cell, index) => `${COLUMNS[index] ?? ''} ${cell}`);
  return `${isClean(row) ? '✓' : '✗'} ${row.fault}: ${figures.join(', ')}`;
}

/** What a run has to tell about one ground. */
export interface Section {
  readonly ground: Ground;
  /** Of all faults that there are on it, in the order of the table. */
  readonly names: readonly string[];
  readonly rows: readonly Row[];
  /** By fault: why it was not tried, or could not be judged. */
  readonly notes: ReadonlyMap<string, string>;
}

/** The document with these rows; those of other faults and grounds stay as earlier runs have left them. `before`: empty where there is none. */
export function documentWith(before: string, { ground, names, rows, notes }: Section): string {
  const title = `## ${GROUNDS[ground]}`;
  const sections = before.split(/^(?=## )/m).filter((part) => part.startsWith('## '));
  const kept = new Map(linesOf(sections.find((part) => part.startsWith(`${title}\n`)) ?? ''));
  for (const fault of notes.keys()) kept.delete(fault);
  for (const row of rows) kept.set(row.fault, tableRow(row));
  const told = names.filter((name) => !kept.has(name) && notes.has(name)).map((name) => `${name}: ${notes.get(name)}`);
  const left = names.filter((name) => !kept.has(name) && !notes.has(name));
  const table = [
    `| fault | ${COLUMNS.join(' | ')} |`,
    `| --- |${' ---: |'.repeat(COLUMNS.length)}`,
    ...names.flatMap((name) => kept.get(name) ?? []),
  ];
  const open = left.length === 0 ? [] : [`Not tried yet: ${left.join('; ')}.`];
  const section = [title, '', ...table, '', ...[...told, ...open, machineText()].flatMap((line) => [line, ''])].join('\n');
  const others = sections.filter((part) => !part.startsWith(`${title}\n`)).map((part) => `${part.trimEnd()}\n`);
  return [HEAD, ...[...others, section].sort().reverse()].join('\n');
}

/** The rows of a table in a section, by their fault. */
function linesOf(section: string): [string, string][] {
  const lines = section.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| fault |') && !line.startsWith('| --- |'));
  return lines.map((line) => [(line.split(' | ')[0] ?? '').replace(/^\| (\*\*✗\*\* )?/, '').trim(), line]);
}

function tableRow(row: Row): string {
  return `| ${isClean(row) ? '' : '**✗** '}${row.fault} | ${cells(row).join(' | ')} |`;
}

function machineText(): string {
  const { model = 'unknown processor' } = cpus()[0] ?? {};
  const memory = Math.round(totalmem() / GIGABYTE);
  return `${model.trim()}, ${cpus().length} cores, ${memory} GB, Node ${process.versions.node}; servers, services and load all on this one machine.`;
}

const HEAD = `# Faults

\`npm run test:faults\` writes this page: it starts the platform, lets events, questions and commands flow, and makes one part after the other fail. \`npm test\`
tries a part of these faults with fewer events. How it is done, and what it cannot see, is in [ADR 26](adr/0026-faults-are-made-on-the-wire.md).

- **sent**: different events, questions and commands; **acknowledged**: those that were answered 202 or 200, or confirmed by the queue. Events and commands are
  sent again under their id until they are; a question is asked once.
- **observed**: those with an effect on the log. **lost**: acknowledged, and without effect on the log or in the counts of features. **doubled**: more than one
  effect, on the log or in the counts. **out of order**: an event or answer behind a later one of its key.
- **sent again**: lies on the log a second time because an outbox or spool was ended between sending and noting; every reader recognises it, so that it has no
  second effect.
- **seconds to recover**: from the fault, its whole length included, until an event sent after it is counted, a question answered and a command taken.
`;
