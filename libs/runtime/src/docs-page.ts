import type { RouteDocument } from './http.ts';
import type { Conversation } from './asyncapi.ts';

/** A page without scripts that lists what a service answers, says and hears, for people. Programs read the two documents it links. */
export function docsPage(service: string, routes: readonly RouteDocument[], { publishes, sends, hears, handles }: Conversation): string {
  const nameOf = (topic: (typeof publishes)[number]): string => (topic.kind === 'topic' ? topic.name : `${topic.prefix}<type>`);
  return page(
    service,
    `<p>For programs: <a href="openapi.json">openapi.json</a> (HTTP), <a href="asyncapi.json">asyncapi.json</a> (topics and queues).</p>
${table(
  'HTTP',
  ['route', 'what it does'],
  routes.map(({ method, url, summary }) => [`${method} ${url}`, summary]),
)}
${table(
  'Publishes',
  ['topic', 'what it is'],
  publishes.map((topic) => [nameOf(topic), topic.description]),
)}
${table(
  'Hears',
  ['topic', 'what it is'],
  hears.map((topic) => [nameOf(topic), topic.description]),
)}
${table(
  'Sends',
  ['command', 'what it is'],
  sends.map(({ type, description }) => [type, description]),
)}
${table(
  'Handles',
  ['command', 'what it is'],
  handles.map(({ type, description }) => [type, description]),
)}`,
  );
}

/** Where each service tells what it answers. */
export function docsIndex(
  services: readonly { readonly name: string; readonly url: string; readonly prefixes: readonly string[] }[],
): string {
  const rows = services.map(({ name, url, prefixes }) => {
    const paths = prefixes.map((prefix) => `<code>${escape(prefix)}</code>`).join(' ');
    return `<tr><td><a href="${escape(`${url}/docs`)}">${escape(name)}</a></td><td>${paths}</td></tr>`;
  });
  return page(
    'API',
    `<p>One door for all; each service tells its routes, topics and commands on a page of its own.</p>
<table><tr><th>service</th><th>paths</th></tr>\n${rows.join('\n')}\n</table>`,
  );
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Roofshot ${escape(title)}</title>
<style>
  body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1c2330; background: #fff; }
  table { border-collapse: collapse; width: 100%; }
  td, th { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #d8dde6; }
  code { font: 13px ui-monospace, monospace; }
</style>
</head>
<body>
<h1>${escape(title)}</h1>
${body}
</body>
</html>
`;
}

function table(title: string, heads: readonly [string, string], rows: readonly (readonly [string, string])[]): string {
  if (rows.length === 0) return '';
  const body = rows.map(([name, text]) => `<tr><td><code>${escape(name)}</code></td><td>${escape(text)}</td></tr>`).join('\n');
  return `<h2>${title}</h2>\n<table><tr><th>${heads[0]}</th><th>${heads[1]}</th></tr>\n${body}\n</table>`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escape(text: string): string {
  return text.replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
}
