/**
 * Writes the table of messages into ARCHITECTURE.md: message → publisher → topic → group → function → file.
 * With `--check` nothing is written, and a stale table is an error.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { allServices } from '@roofshot/all-in-one/services';
import { eventMap, eventMapTable } from '@roofshot/runtime/event-map';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FILE = join(ROOT, 'ARCHITECTURE.md');
const PLACE = /<!-- event-map -->[\s\S]*<!-- \/event-map -->/;

/** ARCHITECTURE.md as it should be. */
export async function architectureNow(): Promise<string> {
  const sources = new Map(allServices.map(({ name }) => [name, join(ROOT, 'services', name, 'src')]));
  const table = eventMapTable(await eventMap(allServices, sources, ROOT));
  return readFileSync(FILE, 'utf8').replace(PLACE, () => `<!-- event-map -->\n\n${table}\n\n<!-- /event-map -->`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const now = await architectureNow();
  if (!process.argv.includes('--check')) writeFileSync(FILE, now);
  else if (now !== readFileSync(FILE, 'utf8')) {
    process.stderr.write('The table of messages in ARCHITECTURE.md is stale: run `npm run event-map`.\n');
    process.exitCode = 1;
  }
}
