/** The part of the faults that every run of all tests tries. */
import type { Fault } from './fault.ts';
import { FAULTS, isClean, runMatrix } from './matrix.ts';
import type { Ground } from './platform.ts';
import type { Row } from './run-fault.ts';
import { lineOf } from './table.ts';

/** Longer than an absent member is waited for. */
const LASTS_MS = 10_000;
const EVENTS = 200;
/** Only a hang is longer, also where others use the machine. */
const LONGEST_MS = 1_200_000;

export function theShortMatrix(ground: Ground): void {
  it(
    'loses nothing, doubles nothing and keeps the order of each key, whatever fails',
    async () => {
      const faults = FAULTS.filter(({ short }) => short.includes(ground));
      const rows: Row[] = [];
      const failures: string[] = [];
      const tell = {
        onRow: (row: Row) => rows.push(row),
        onOmission: () => undefined,
        onFailure: ({ name }: Fault, why: string) => failures.push(`${name}: ${why}`),
      };
      await runMatrix(ground, { faults, lastsMs: LASTS_MS, events: EVENTS, ...tell });
      expect(failures).toEqual([]);
      expect(rows.filter((row) => !isClean(row)).map(lineOf)).toEqual([]);
      expect(rows).toHaveLength(faults.length + 1);
      for (const { acknowledged } of rows) expect(acknowledged).toBeGreaterThan(2 * EVENTS);
    },
    LONGEST_MS,
  );
}
