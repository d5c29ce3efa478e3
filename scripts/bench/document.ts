/** docs/benchmarks.md: a section per area, replaced as a whole. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { barText, isMet, machine, type Row } from './rows.ts';

const FILE = fileURLToPath(new URL('../../docs/benchmarks.md', import.meta.url));
const HEAD = `# Benchmarks

Each figure is measured by the command above its table, on the machine named below it, with everything (clients, database, services) on that
one machine. Absolute figures move with the machine; run the command to get yours. The bar is what was promised; ✗ marks a figure that misses it.
`;

export function writeSection(area: string, rows: readonly Row[]): void {
  const before = existsSync(FILE) ? readFileSync(FILE, 'utf8') : HEAD;
  const others = before.split(/^(?=## )/m).filter((part) => !part.startsWith(`## ${area}\n`));
  writeFileSync(FILE, [...others.map((part) => part.trimEnd()), section(area, rows)].join('\n\n'));
}

/** The section's text: a row per figure, with a mark, and a sentence on what misses its bar. */
export function section(area: string, rows: readonly Row[]): string {
  const { cpu, cores, memoryGb, node } = machine();
  const table = rows.map((row) => {
    const mark = isMet(row) ? '✓' : '**✗ missed**';
    return `| ${row.key} | ${row.value.toLocaleString('en')} ${row.unit} | ${barText(row.bar)} | ${mark} |`;
  });
  const date = new Date().toISOString().slice(0, 10);
  return [
    `## ${area}`,
    '',
    `\`npm run bench -- ${area}\``,
    '',
    '| figure | measured | bar | |',
    '| --- | --- | --- | --- |',
    ...table,
    '',
    ...missedText(rows),
    `${date}, ${cpu}, ${cores} cores, ${memoryGb} GB, Node ${node}.`,
    '',
  ].join('\n');
}

function missedText(rows: readonly Row[]): string[] {
  const missed = rows.filter((row) => !isMet(row)).map(({ key }) => `\`${key}\``);
  return missed.length === 0 ? [] : [`Misses its bar: ${missed.join(', ')}.`, ''];
}
