import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { generatedObservability } from '../../scripts/generate.ts';
import { staleFiles } from '../../scripts/generated-files.ts';
import { sorted, type Json } from '../src/json.ts';
import { readKibanaQueries } from '../queries/read-queries.ts';
import { readSavedObjects, type StoredObject } from '../queries/saved-object-files.ts';
import { fieldType } from './field-types.ts';
import { loggedFields, productionSources } from './log-sources.ts';

const FILE = fileURLToPath(new URL('../kibana/roofshot.ndjson', import.meta.url));
const objects = readSavedObjects();
const queries = readKibanaQueries();
const dashboards = objects.filter(({ type }) => type === 'dashboard');

it('what is checked in is what the sources say: run `npm run generate` after a change of them', () => {
  expect(staleFiles(generatedObservability())).toEqual([]);
});

describe('the objects that Kibana imports', () => {
  it('have ids of their own, and keys in order', () => {
    const ids = objects.map(({ type, id }) => `${type}/${id}`);
    expect(new Set(ids).size).toBe(ids.length);
    for (const line of readFileSync(FILE, 'utf8').trimEnd().split('\n'))
      expect(JSON.stringify(sorted(JSON.parse(line) as Json))).toBe(line);
  });

  it('say the form they are written in, none newer than that of Kibana 8.9', () => {
    const forms = objects.map(({ type, coreMigrationVersion, typeMigrationVersion }) => [type, coreMigrationVersion, typeMigrationVersion]);
    const known = { dashboard: '8.9.0', search: '8.0.0', 'index-pattern': '8.0.0' } as Record<string, string>;
    expect(forms).toEqual(forms.map(([type = '']) => [type, '8.8.0', known[type]]));
  });

  it('hold JSON where Kibana keeps JSON in a string', () => {
    const texts = objects.flatMap(({ id, attributes }) => jsonTexts(id, attributes));
    expect(texts.length).toBeGreaterThan(objects.length);
    for (const [place, text] of texts) expect([place, typeof JSON.parse(text)]).toEqual([place, 'object']);
  });

  it('point only to each other, and each place that points has its reference', () => {
    const known = new Set(objects.map(({ type, id }) => `${type}/${id}`));
    for (const { id, references, attributes } of objects) {
      expect([id, references.filter((to) => !known.has(`${to.type}/${to.id}`))]).toEqual([id, []]);
      expect([id, references.map(({ name }) => name).sort()]).toEqual([id, pointsIn(attributes).sort()]);
    }
  });
});

/** Every attribute whose name says that it is JSON in a string. */
function jsonTexts(place: string, attributes: Readonly<Record<string, unknown>>): [string, string][] {
  return Object.entries(attributes).flatMap(([name, value]): [string, string][] => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return jsonTexts(`${place}.${name}`, { ...value });
    const isJson = /JSON$|^field(s|Attrs|FormatMap)$|^runtimeFieldMap$|^sourceFilters$/.test(name);
    return isJson ? [[`${place}.${name}`, String(value)]] : [];
  });
}

interface StoredPanel {
  readonly type: string;
  readonly title: string;
  readonly panelIndex: string;
  readonly panelRefName?: string;
  readonly gridData: { readonly x: number; readonly y: number; readonly w: number; readonly h: number; readonly i: string };
  readonly embeddableConfig: {
    readonly attributes?: { readonly state: { readonly datasourceStates: { readonly formBased: { readonly layers: object } } } };
    readonly savedVis?: { readonly type: string; readonly params: { readonly markdown: string } };
  };
}

function panelsOf({ attributes }: StoredObject): StoredPanel[] {
  return JSON.parse(String(attributes['panelsJSON'] ?? '[]')) as StoredPanel[];
}

/** The names under which the attributes expect references. */
function pointsIn(attributes: StoredObject['attributes']): string[] {
  const { kibanaSavedObjectMeta } = attributes as { kibanaSavedObjectMeta?: { searchSourceJSON: string } };
  const { indexRefName } = JSON.parse(kibanaSavedObjectMeta?.searchSourceJSON ?? '{}') as { indexRefName?: string };
  const panels = panelsOf({ attributes } as StoredObject).flatMap(({ panelIndex, panelRefName, embeddableConfig }) => [
    ...(panelRefName === undefined ? [] : [`${panelIndex}:${panelRefName}`]),
    ...Object.keys(embeddableConfig.attributes?.state.datasourceStates.formBased.layers ?? {}).map(
      (layer) => `${panelIndex}:indexpattern-datasource-layer-${layer}`,
    ),
  ]);
  return [...(indexRefName === undefined ? [] : [indexRefName]), ...panels];
}

describe.each(dashboards.map((dashboard) => [String(dashboard.attributes['title']), dashboard] as const))('%s', (_title, dashboard) => {
  const panels = panelsOf(dashboard);

  it('lies on the grid of 48, each row full, and no panel over another', () => {
    const taken = new Set<string>();
    for (const { panelIndex, gridData } of panels) {
      expect(gridData.i).toBe(panelIndex);
      for (const cell of cellsOf(gridData)) {
        expect([panelIndex, cell, taken.has(cell)]).toEqual([panelIndex, cell, false]);
        taken.add(cell);
      }
    }
    const height = Math.max(...panels.map(({ gridData }) => gridData.y + gridData.h));
    expect(taken.size).toBe(48 * height);
  });

  it('begins with words: the question that it answers, and what to do; the links in them lead to objects of the file', () => {
    const { savedVis } = panels[0]?.embeddableConfig ?? {};
    const markdown = savedVis?.params.markdown ?? '';
    expect(markdown).toMatch(/^\*\*.+\?\*\*\n\n- /);
    const linked = [...markdown.matchAll(/\]\(discover#\/view\/([^)]+)\)/g)].map(([, id]) => id);
    expect(linked.filter((id) => !objects.some((object) => object.id === id))).toEqual([]);
    expect(markdown.match(/\]\(/g)?.length ?? 0).toBe(linked.length);
  });

  it('has panels with titles of their own, of no kind that Kibana has given up', () => {
    const titles = panels.map(({ title }) => title);
    expect(new Set(titles).size).toBe(titles.length);
    expect(panels.filter(({ type }) => !['lens', 'search', 'visualization'].includes(type))).toEqual([]);
    for (const { savedVis } of panels.map(({ embeddableConfig }) => embeddableConfig))
      expect(savedVis?.type ?? 'markdown').toBe('markdown');
  });
});

function cellsOf({ x, y, w, h }: StoredPanel['gridData']): string[] {
  const across = Array.from({ length: w }, (_, i) => x + i).filter((column) => column < 48);
  expect(across).toHaveLength(w);
  return Array.from({ length: h }, (_, i) => y + i).flatMap((row) => across.map((column) => `${column},${row}`));
}

/** Fields that a text of Lucene's language names. */
function fieldsIn(lucene: string): string[] {
  const bare = lucene.replaceAll(/"(\\.|[^"\\])*"/g, '');
  const asked = [...bare.matchAll(/_exists_:([\w.@]+)/g)].map(([, field = '']) => field);
  const named = [...bare.matchAll(/([\w.@]+):/g)].map(([, field = '']) => field).filter((field) => field !== '_exists_');
  return [...asked, ...named];
}

describe('the queries', () => {
  const searched = queries.flatMap(({ name, lucene }) => lucene.flatMap((text) => fieldsIn(text).map((field) => ({ name, field }))));

  it('search, show and group by fields of the mapping only', () => {
    const shown = queries.flatMap(({ name, ...query }) =>
      query.kind === 'lines' ? [...query.columns, ...query.sort.map(([field]) => field)].map((field) => ({ name, field })) : [],
    );
    expect(searched.length).toBeGreaterThan(0);
    expect([...searched, ...shown].filter(({ field }) => fieldType(field) === undefined)).toEqual([]);
  });

  it('use each field for what its type can do', () => {
    const fits = { terms: ['keyword', 'long'], date_histogram: ['date'], percentile: ['long', 'double'] };
    const columns = queries.flatMap(({ name, ...query }) =>
      (query.kind === 'groups' ? query.columns : []).map((column) => ({ name, column })),
    );
    const misused = columns.filter(({ column }) => {
      if (column.operationType === 'count') return false;
      const type = fieldType(column.sourceField) ?? 'nothing';
      const isShownAs = column.operationType !== 'terms' || column.dataType === (type === 'long' ? 'number' : 'string');
      return !isShownAs || !fits[column.operationType].includes(type);
    });
    expect(columns.length).toBeGreaterThan(0);
    expect(misused).toEqual([]);
  });

  it('look for sentences that are logged, and for labels that lines have', () => {
    const sources = productionSources();
    const sentences = queries.flatMap(({ lucene }) => lucene.flatMap((text) => [...text.matchAll(/message\.keyword:"([^"]+)"/g)]));
    expect(sentences.length).toBeGreaterThan(0);
    const unsaid = sentences
      .map(([, sentence = '']) => sentence)
      .filter((sentence) => !sources.some(({ text }) => text.includes(`'${sentence}'`)));
    expect(unsaid).toEqual([]);
    const logged = loggedFields(sources);
    const grouped = queries.flatMap((query) =>
      query.kind === 'groups' ? query.columns.map((column) => column.sourceField) : query.columns,
    );
    const labels = [...searched.map(({ field }) => field), ...grouped].filter((field) => field.startsWith('labels.'));
    expect(labels.filter((field) => !logged.has(field))).toEqual([]);
  });
});

describe('an object that asks in another way', () => {
  const [dashboard] = dashboards;
  const changed = (from: string | RegExp, to: string): StoredObject[] =>
    JSON.parse(JSON.stringify([dashboard]).replace(from, to)) as StoredObject[];

  it.each([
    ['the language', /\\"language\\":\\"lucene\\"/, String.raw`\"language\":\"kuery\"`],
    ['an operation', /\\"operationType\\":\\"count\\"/, String.raw`\"operationType\":\"formula\"`],
    ['a filter', /\\"filters\\":\[\]/, String.raw`\"filters\":[{}]`],
    ['a legacy visualisation', /\\"type\\":\\"markdown\\"/, String.raw`\"type\":\"metrics\"`],
  ])('is not passed over: %s', (_what, from, to) => {
    expect(() => readKibanaQueries(changed(from, to))).toThrow(/has not the form that is known here/);
  });

  it('is not passed over: a type of object', () => {
    expect(() => readKibanaQueries([{ ...(dashboard as StoredObject), type: 'map' }])).toThrow('is of the type map');
  });
});
