import { existsSync, readFileSync } from 'node:fs';
import type { Tally } from './tally.ts';

/** The counts in a file of results; a file that is not there is one failure, for its tests did not run to the end. */
export function readTally(file: string, parse: (text: string) => Tally): Tally {
  if (existsSync(file)) return parse(readFileSync(file, 'utf8'));
  console.log(`failed: there are no results in ${file}`);
  return { passed: 0, failed: 1, skipped: [] };
}
