/** Resources as somebody wrote them: the documents of examples/flights. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const FOLDER = fileURLToPath(new URL('../../examples/flights', import.meta.url));

/** Of a kind with several, the one that shows most of it. */
const CHOSEN: Readonly<Record<string, string>> = {
  EventType: 'flight.landed',
  Entity: 'route',
  FeatureView: 'route-landings',
  TrainingJob: 'delay-all',
};

/** The text of the kind's example. Throws where there is none. */
export function exampleOf(kind: string): string {
  const texts = readdirSync(FOLDER)
    .filter((file) => file.endsWith('.yaml'))
    .flatMap((file) => readFileSync(`${FOLDER}/${file}`, 'utf8').split(/^---$/m));
  const found = texts.find((text) => isChosen(parse(text), kind));
  if (found === undefined)
    throw new Error(`examples/flights declares no ${kind}, so docs/reference/kinds.md cannot show one: add it there.`);
  return found.replace(/^(\s*#.*\n)+/, '').trim();
}

function isChosen(resource: unknown, kind: string): boolean {
  const { kind: of, metadata } = resource as { readonly kind: string; readonly metadata: { readonly name: string } };
  return of === kind && (CHOSEN[kind] ?? metadata.name) === metadata.name;
}
