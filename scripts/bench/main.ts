/**
 * `npm run bench -- <area>`: runs an area's benchmark and prints on the last line
 * `{"area", "figures": {key: value}, "rows": [{"key", "value", "unit"}], "machine": {…}}`.
 * With `--write` the figures also go to docs/benchmarks.md.
 */
import { writeSection } from './document.ts';
import { benchIngestion } from './ingestion.ts';
import { benchKafka } from './kafka.ts';
import { benchLoop } from './loop.ts';
import { benchLoopOnKafka } from './loop-kafka.ts';
import { benchRabbit } from './rabbit.ts';
import { barText, isMet, machine, type Row } from './rows.ts';

const benchBrokers = async (): Promise<Row[]> => [...(await benchLoopOnKafka()), ...(await benchKafka()), ...(await benchRabbit())];

const AREAS: Readonly<Record<string, () => Promise<Row[]>>> = {
  loop: benchLoop,
  brokers: benchBrokers,
  ingestion: benchIngestion,
};

async function main(): Promise<void> {
  const [area = ''] = process.argv.slice(2).filter((word) => !word.startsWith('--'));
  const bench = AREAS[area];
  if (bench === undefined) throw new Error(`Name an area: npm run bench -- ${Object.keys(AREAS).join('|')}`);
  const rows = await bench();
  for (const row of rows) {
    const { key, value, unit, bar } = row;
    const measured = value.toLocaleString('en').padStart(10);
    process.stdout.write(`${isMet(row) ? '✓' : '✗'} ${key.padEnd(28)} ${measured} ${unit.padEnd(9)} bar: ${barText(bar)}\n`);
  }
  if (process.argv.includes('--write')) writeSection(area, rows);
  const figures = Object.fromEntries(rows.map(({ key, value }) => [key, value]));
  process.stdout.write(
    `${JSON.stringify({ area, figures, rows: rows.map(({ key, value, unit }) => ({ key, value, unit })), machine: machine() })}\n`,
  );
}

await main().catch((error: unknown) => {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
