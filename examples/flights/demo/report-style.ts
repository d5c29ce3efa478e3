/** The page's style sheet: light and dark, wide and narrow. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #5b6570; --line: #d9dee3; --paper: #fff; --good: #0a7a5a; --bad: #ad3a17; --band: #0a7a5a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ec; --soft: #9aa4af; --line: #333a42; --paper: #15181c; --good: #46c496; --bad: #f2906c; --band: #46c496; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; font-variant-numeric: tabular-nums; }
main { max-width: 62rem; margin: 0 auto; padding: 3rem 1.5rem; }
h1 { font-size: 1.8rem; margin: 0 0 .5rem; }
h2 { font-size: 1.15rem; margin: 2.75rem 0 .5rem; }
p { max-width: 46rem; margin: 0 0 .75rem; color: var(--soft); }
.conclusion { color: var(--ink); font-weight: 600; }
.verdict { font-weight: 600; }
.met { color: var(--good); } .missed { color: var(--bad); }
.note { margin: .75rem 0 0; font-size: .92rem; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
table { width: 100%; border-collapse: collapse; table-layout: fixed; }
th, td { padding: .5rem 1rem .5rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; overflow-wrap: anywhere; }
thead th { color: var(--soft); font-size: .85rem; font-weight: 400; }
thead th:nth-child(1) { width: 33%; } thead th:nth-child(3) { width: 26%; } thead th:nth-child(4) { width: 5.5rem; }
tbody th { font-weight: 400; color: var(--soft); }
td.expected { color: var(--soft); font-size: .92rem; }
td.mark { padding-right: 0; text-align: right; white-space: nowrap; }
figure { margin: .75rem 0 1.5rem; } figcaption { max-width: 46rem; margin-bottom: .5rem; color: var(--soft); font-size: .92rem; }
svg { display: block; width: 100%; height: auto; font: 13px system-ui, sans-serif; }
.narrow { display: none; } .narrow svg { font-size: 12px; }
svg text { fill: var(--ink); stroke: var(--paper); stroke-width: 4px; paint-order: stroke; stroke-linejoin: round; }
svg text.axis { fill: var(--soft); }
svg text.end { font-weight: 600; }
svg line { stroke: var(--line); } svg line.zero { stroke: var(--soft); } svg line.leader { stroke: var(--soft); }
svg line.since { stroke: var(--ink); stroke-dasharray: 4 4; }
svg .boundary { fill: var(--band); opacity: .16; } svg .interval { fill: var(--band); opacity: .34; }
svg .effect { fill: none; stroke: var(--band); stroke-width: 2; stroke-linejoin: round; }
@media (max-width: 640px) {
  main { padding: 1.75rem 1.5rem; }
  .wide { display: none; } .narrow { display: block; }
  thead { display: none; }
  table, tbody { display: block; }
  tr { display: grid; grid-template-columns: minmax(0, 1fr) auto; padding: .6rem 0; border-bottom: 1px solid var(--line); }
  th, td { padding: 0; border: 0; }
  tbody th { grid-column: 1 / -1; font-size: .92rem; }
  td.found { grid-column: 1 / -1; }
  td.expected:not(:empty)::before { content: 'expected: '; }
}
`;
