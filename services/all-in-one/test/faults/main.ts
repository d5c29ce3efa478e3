// `npm run test:faults`: every fault on every ground; each row is printed and written to docs/faults.md as soon as it is known.
// `-- --ground brokers|embedded` writes the section of one ground; with `--only 'part of a name'` or `--short` nothing is written.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { FAULTS, isClean, runMatrix } from './matrix.ts';
import { GROUNDS, type Ground } from './platform.ts';
import type { Row } from './run-fault.ts';
import { documentWith, lineOf } from './table.ts';

const DOCUMENT = fileURLToPath(new URL('../../../../docs/faults.md', import.meta.url));
/** As long as a paused process is to be paused: longer than any lease and any time-out. */
const LASTS_MS = 30_000;
const EVENTS = 500;

const { values } = parseArgs({
  options: {
    ground: { type: 'string' },
    only: { type: 'string' },
    short: { type: 'boolean' },
  },
});

const isWanted = (name: string): boolean => values.only === undefined || name.includes(values.only);
const grounds = (Object.keys(GROUNDS) as Ground[]).filter((ground) => values.ground === undefined || ground === values.ground);
const isWhole = values.only === undefined && values.short !== true;
const tally = { clean: 0, faulty: 0, failed: 0 };

// Its children end with it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

for (const ground of grounds) await tryAll(ground);
process.stdout.write(`${tally.clean} clean, ${tally.faulty} with losses, doubles or disorder, ${tally.failed} that could not be judged\n`);
process.exitCode = tally.faulty + tally.failed === 0 && tally.clean > 0 ? 0 : 1;

async function tryAll(ground: Ground): Promise<void> {
  const faults = FAULTS.filter(({ name, short }) => isWanted(name) && (values.short !== true || short.includes(ground)));
  const rows: Row[] = [];
  const notes: string[] = [];
  const write = (): void => {
    if (!isWhole) return;
    const tried = new Set(rows.map(({ fault }) => fault));
    const left = faults.filter(
      ({ grounds: own, name }) => own.includes(ground) && !tried.has(name) && !notes.some((note) => note.includes(name)),
    );
    const unfinished = left.length === 0 ? [] : [`The run was ended before these were tried: ${left.map(({ name }) => name).join('; ')}.`];
    const before = existsSync(DOCUMENT) ? readFileSync(DOCUMENT, 'utf8') : '';
    writeFileSync(DOCUMENT, documentWith(before, { ground, rows, notes: [...notes, ...unfinished] }));
  };
  const say = (line: string): void => {
    process.stdout.write(`${line}\n`);
    write();
  };
  process.stdout.write(`${GROUNDS[ground]}\n`);
  await runMatrix(ground, {
    faults,
    lastsMs: LASTS_MS,
    events: EVENTS,
    onRow: (row) => {
      tally[isClean(row) ? 'clean' : 'faulty'] += 1;
      rows.push(row);
      say(lineOf(row));
    },
    onOmission: (why) => {
      notes.push(why);
      say(why);
    },
    onFailure: (why) => {
      tally.failed += 1;
      notes.push(`**Could not be judged**: ${why}`);
      say(`✗ ${why}`);
    },
  });
}
