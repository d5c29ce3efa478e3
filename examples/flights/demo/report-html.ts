/** The report as one page without outside parts. */
import type { ReportPart } from './report.ts';

export interface ReportHead {
  readonly title: string;
  /** The run in a sentence. */
  readonly conclusion: string;
  readonly airports: number;
}

const STYLE = `
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #5b6570; --line: #d9dee3; --paper: #fff; --band: #f6f7f9; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ec; --soft: #9aa4af; --line: #333a42; --paper: #15181c; --band: #1c2025; } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 3rem 1.5rem; }
h1 { font-size: 1.8rem; margin: 0 0 .25rem; } p { color: var(--soft); margin: 0 0 2rem; max-width: 45rem; }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; vertical-align: top; padding: .5rem .75rem; border-bottom: 1px solid var(--line); }
th { font-weight: 400; color: var(--soft); width: 32%; } td:last-child { color: var(--soft); width: 26%; font-size: .9rem; }
tr:nth-child(odd) { background: var(--band); }
`;

export function reportHtml(parts: readonly ReportPart[], { title, conclusion, airports }: ReportHead): string {
  const sections = parts.map(
    ({ title: heading, lines }) =>
      `<h2>${escape(heading)}</h2><table>${lines.map(({ what, found, expected }) => `<tr><th scope="row">${escape(what)}</th><td>${escape(found)}</td><td>${escape(expected)}</td></tr>`).join('')}</table>`,
  );
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(title)}</title><style>${STYLE}</style></head>
<body><main><h1>${escape(title)}</h1><p><strong>${escape(conclusion)}</strong></p><p>Real flights of January 2001 between ${airports} US airports (US Bureau of Transportation Statistics). Every number was computed in this run; the right column says what the data lead to expect.</p>${sections.join('')}</main></body></html>\n`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escape = (text: string): string => text.replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
