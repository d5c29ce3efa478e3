/** The report for a terminal: no line is longer than 100 characters, but for a path that is. */
import type { ReportLine, ReportPart } from './report.ts';

/** What a mark (2), three columns and two gaps (2 each) leave. */
const WHAT = 33;
const FOUND = 33;
const EXPECTED = 26;
const GAP = '  ';
const WIDTH = 100;

export function reportText(parts: readonly ReportPart[]): string {
  return parts.map(partText).join('\n');
}

function partText({ title, lines, notes }: ReportPart): string {
  const head = row(['', 'figure', 'found', lines.some(({ expected }) => expected !== '') ? 'expected' : '']);
  const told = notes.flatMap((note) => wrap(note, WIDTH - GAP.length).map((text) => `${GAP}${text}`));
  return [...wrap(title, WIDTH), head, ...lines.flatMap(lineText), ...told, ''].join('\n');
}

function lineText({ what, found, expected, isMet }: ReportLine): string[] {
  const mark = isMet === undefined ? '' : isMet ? '✓' : '✗';
  const cells = [wrap(what, WHAT), wrap(found, expected === '' ? FOUND + GAP.length + EXPECTED : FOUND), wrap(expected, EXPECTED)];
  const height = Math.max(...cells.map(({ length }) => length));
  return Array.from({ length: height }, (_, index) => row([index === 0 ? mark : '', ...cells.map((cell) => cell[index] ?? '')]));
}

function row([mark = '', what = '', found = '', expected = '']: readonly string[]): string {
  return [`${mark.padEnd(2)}${what.padEnd(WHAT)}`, found.padEnd(FOUND), expected].join(GAP).trimEnd();
}

/** At spaces; a word that is longer than the width stands alone, whole, so that it can be copied. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
