// `npm run test:faults`: every fault on every ground; each row is printed and written to docs/faults.md as soon as it is known.
// `-- --ground brokers|embedded`, `--only 'part of a name'` and `--short` choose; rows of other faults stay as they were.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { FAULTS, isClean, runMatrix, WHOLE_RUN } from './matrix.ts';
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
/** All of the ground: only then its last row is told. */
const isWhole = values.only === undefined && values.short !== true;
const tally = { clean: 0, faulty: 0, failed: 0 };

// Its children end with it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

for (const ground of grounds) await tryAll(ground);
process.stdout.write(`${tally.clean} clean, ${tally.faulty} with losses, doubles or disorder, ${tally.failed} that could not be judged\n`);
process.exitCode = tally.faulty + tally.failed === 0 && tally.clean > 0 ? 0 : 1;

async function tryAll(ground: Ground): Promise<void> {
  const faults = FAULTS.filter(({ name, short }) => isWanted(name) && (values.short !== true || short.includes(ground)));
  const names = [...FAULTS.filter(({ grounds: own }) => own.includes(ground)).map(({ name }) => name), WHOLE_RUN];
  const rows: Row[] = [];
  const notes = new Map<string, string>();
  const say = (line: string): void => {
    process.stdout.write(`${line}\n`);
    const before = existsSync(DOCUMENT) ? readFileSync(DOCUMENT, 'utf8') : '';
    writeFileSync(DOCUMENT, documentWith(before, { ground, names, rows, notes }));
  };
  process.stdout.write(`${GROUNDS[ground]}\n`);
  await runMatrix(ground, {
    faults,
    lastsMs: LASTS_MS,
    events: EVENTS,
    onRow: (row) => {
      tally[isClean(row) ? 'clean' : 'faulty'] += 1;
      if (row.fault !== WHOLE_RUN || isWhole) rows.push(row);
      say(lineOf(row));
    },
    onOmission: ({ name }, why) => {
      notes.set(name, why);
      say(`${name}: ${why}`);
    },
    onFailure: ({ name }, why) => {
      tally.failed += 1;
      notes.set(name, `**could not be judged**. ${why}`);
      say(`✗ ${name}: ${why}`);
    },
  });
}
