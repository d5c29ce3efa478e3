/** The report as one page without outside parts. */
import { effectChart, type ChartStory } from './effect-chart.ts';
import { STYLE } from './report-style.ts';
import { verdictOf, type ReportLine, type ReportPart } from './report.ts';

export interface ReportHead {
  readonly title: string;
  /** The run in a sentence. */
  readonly conclusion: string;
  readonly airports: number;
  readonly story: ChartStory;
}

/** Drawn twice, for letters keep their size only where the drawing does. */
const WIDE = { width: 900, height: 340 };
const NARROW = { width: 372, height: 320 };

export function reportHtml(parts: readonly ReportPart[], head: ReportHead): string {
  const { title, conclusion, airports, story } = head;
  const verdict = verdictOf(parts);
  const sections = parts.map((part) => sectionOf(part, part.title.startsWith('Experiment') ? chartOf(story) : ''));
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escape(title)}</title><style>${STYLE}</style></head>
<body><main>
<h1>${escape(title)}</h1>
<p class="conclusion">${escape(conclusion)}</p>
<p class="verdict ${verdict.startsWith('All') ? 'met' : 'missed'}">${escape(verdict)}</p>
<p>Real flights of January 2001 between ${airports} US airports (US Bureau of Transportation Statistics). Every number was computed in this run; beside it stands what the data lead to expect.</p>
${sections.join('\n')}
</main></body></html>
`;
}

function sectionOf({ title, lines, notes }: ReportPart, chart: string): string {
  return `<section><h2>${escape(title)}</h2>
${chart}<table><thead><tr><th scope="col">figure</th><th scope="col">found</th><th scope="col">expected</th><th scope="col"><span class="hidden">met?</span></th></tr></thead>
<tbody>${lines.map(rowOf).join('\n')}</tbody></table>
${notes.map((note) => `<p class="note">${escape(note)}</p>`).join('\n')}</section>`;
}

function rowOf({ what, found, expected, isMet }: ReportLine): string {
  const mark = isMet === undefined ? '' : isMet ? '<b class="met">✓<span class="hidden"> met</span></b>' : '<b class="missed">✗ missed</b>';
  return `<tr><th scope="row">${escape(what)}</th><td class="found">${escape(found)}</td><td class="expected">${escape(expected)}</td><td class="mark">${mark}</td></tr>`;
}

function chartOf(story: ChartStory): string {
  const [wide, narrow] = [effectChart(story, WIDE), effectChart(story, NARROW)];
  if (wide === '') return '';
  return `<figure><figcaption>Difference in cost per flight, second version minus first; below zero is cheaper. Drawn from the analyses that the experiment published each hour of event time.</figcaption><div class="wide">${wide}</div><div class="narrow">${narrow}</div></figure>\n`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escape = (text: string): string => text.replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
