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

/** What a ground's section of the document tells. */
export interface Section {
  readonly ground: Ground;
  readonly rows: readonly Row[];
  /** A sentence for each fault that was not tried, or could not be judged. */
  readonly notes: readonly string[];
}

/** The document with this section in place of an older one. `before`: empty where there is none. */
export function documentWith(before: string, { ground, rows, notes }: Section): string {
  const title = `## ${GROUNDS[ground]}`;
  const others = before.split(/^(?=## )/m).filter((part) => part.startsWith('## ') && !part.startsWith(`${title}\n`));
  const table = [`| fault | ${COLUMNS.join(' | ')} |`, `| --- |${' ---: |'.repeat(COLUMNS.length)}`, ...rows.map(tableRow)];
  const section = [title, '', ...table, '', ...notes.flatMap((note) => [note, '']), machineText(), ''].join('\n');
  return [HEAD, ...[...others.map((part) => `${part.trimEnd()}\n`), section].sort().reverse()].join('\n');
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
