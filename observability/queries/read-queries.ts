import { Type, type Static } from 'typebox';
import { checked, readJsonText, readSavedObjects, type StoredObject } from './saved-object-files.ts';

const Query = Type.Object({ language: Type.Literal('lucene'), query: Type.String() });
/** Filters would narrow what is found, and nobody here runs them. */
const NoFilters = Type.Array(Type.Unknown(), { maxItems: 0 });
const SearchSource = Type.Object({ query: Query, filter: NoFilters });

const Terms = Type.Object({
  operationType: Type.Literal('terms'),
  label: Type.String(),
  sourceField: Type.String(),
  isBucketed: Type.Literal(true),
  dataType: Type.Union([Type.Literal('string'), Type.Literal('number')]),
  params: Type.Object({
    size: Type.Integer(),
    orderBy: Type.Object({ type: Type.Literal('column'), columnId: Type.String() }),
    orderDirection: Type.Union([Type.Literal('asc'), Type.Literal('desc')]),
    otherBucket: Type.Literal(false),
    missingBucket: Type.Literal(false),
  }),
});
const DateHistogram = Type.Object({
  operationType: Type.Literal('date_histogram'),
  label: Type.String(),
  sourceField: Type.String(),
  isBucketed: Type.Literal(true),
  params: Type.Object({ interval: Type.Literal('auto') }),
});
const Count = Type.Object({
  operationType: Type.Literal('count'),
  label: Type.String(),
  sourceField: Type.Literal('___records___'),
  isBucketed: Type.Literal(false),
});
const Percentile = Type.Object({
  operationType: Type.Literal('percentile'),
  label: Type.String(),
  sourceField: Type.String(),
  isBucketed: Type.Literal(false),
  params: Type.Object({ percentile: Type.Number() }),
});
const Column = Type.Union([Terms, DateHistogram, Count, Percentile]);
const Layer = Type.Object({ columnOrder: Type.Array(Type.String()), columns: Type.Record(Type.String(), Column) });
const LensAttributes = Type.Object({
  state: Type.Object({
    query: Query,
    filters: NoFilters,
    datasourceStates: Type.Object({ formBased: Type.Object({ layers: Type.Record(Type.String(), Layer) }) }),
  }),
});

const LensPanel = Type.Object({
  type: Type.Literal('lens'),
  title: Type.String(),
  embeddableConfig: Type.Object({ attributes: LensAttributes }),
});
const SearchPanel = Type.Object({ type: Type.Literal('search'), title: Type.String(), panelRefName: Type.String() });
const WordsPanel = Type.Object({
  type: Type.Literal('visualization'),
  title: Type.String(),
  embeddableConfig: Type.Object({ savedVis: Type.Object({ type: Type.Literal('markdown') }) }),
});
const Panels = Type.Array(Type.Union([LensPanel, SearchPanel, WordsPanel]));

const SearchAttributes = Type.Object({
  title: Type.String(),
  columns: Type.Array(Type.String(), { minItems: 1 }),
  sort: Type.Array(Type.Tuple([Type.String(), Type.Union([Type.Literal('asc'), Type.Literal('desc')])])),
  kibanaSavedObjectMeta: Type.Object({ searchSourceJSON: Type.String() }),
});
const DashboardAttributes = Type.Object({
  title: Type.String(),
  panelsJSON: Type.String(),
  kibanaSavedObjectMeta: Type.Object({ searchSourceJSON: Type.String() }),
});

/** A column of a Lens panel, under the id that others point to it by. */
export type QueryColumn = Static<typeof Column> & { readonly id: string };

/** What a Lens panel asks: groups of lines, and what is computed of each. All of `lucene` must hold. */
export interface GroupQuery {
  readonly kind: 'groups';
  readonly name: string;
  readonly lucene: readonly string[];
  readonly columns: readonly QueryColumn[];
}

/** What a saved search asks: lines, in an order, of which some fields are shown. */
export interface LinesQuery {
  readonly kind: 'lines';
  readonly name: string;
  readonly lucene: readonly string[];
  readonly columns: readonly string[];
  readonly sort: readonly (readonly [field: string, direction: 'asc' | 'desc'])[];
}

export type KibanaQuery = GroupQuery | LinesQuery;

/**
 * Every query in the file that Kibana imports, by the titles its readers see: `[Roofshot] Overview / Lines by level`.
 * @throws where an object asks something in a way that is not known here, so that nothing in the file can go unchecked
 */
export function readKibanaQueries(objects: readonly StoredObject[] = readSavedObjects()): KibanaQuery[] {
  return objects.flatMap((object) => {
    if (object.type === 'index-pattern') return [];
    if (object.type === 'search') return [searchQuery(object)];
    if (object.type === 'dashboard') return dashboardQueries(object, objects);
    throw new Error(`${object.id} is of the type ${object.type}, which observability/queries cannot read. Teach it.`);
  });
}

function searchQuery({ id, attributes }: StoredObject): LinesQuery {
  const { title, columns, sort, kibanaSavedObjectMeta } = checked(SearchAttributes, attributes, id);
  return { kind: 'lines', name: title, lucene: [luceneOf(id, kibanaSavedObjectMeta.searchSourceJSON)], columns, sort };
}

function dashboardQueries(dashboard: StoredObject, objects: readonly StoredObject[]): KibanaQuery[] {
  const { id, references } = dashboard;
  const { title, panelsJSON, kibanaSavedObjectMeta } = checked(DashboardAttributes, dashboard.attributes, id);
  const common = luceneOf(id, kibanaSavedObjectMeta.searchSourceJSON);
  return readJsonText(Panels, panelsJSON, `${id}.panelsJSON`).flatMap((panel): KibanaQuery[] => {
    if (panel.type === 'visualization') return [];
    const name = `${title} / ${panel.title}`;
    if (panel.type === 'lens') return lensQueries(name, common, panel.embeddableConfig.attributes);
    const target = references.find((reference) => reference.name.endsWith(`:${panel.panelRefName}`));
    const search = objects.find((object) => object.type === 'search' && object.id === target?.id);
    if (search === undefined) throw new Error(`The panel "${name}" shows a saved search that is not in the file.`);
    const found = searchQuery(search);
    return [{ ...found, name, lucene: [common, ...found.lucene] }];
  });
}

function lensQueries(name: string, common: string, { state }: Static<typeof LensAttributes>): GroupQuery[] {
  const layers = Object.values(state.datasourceStates.formBased.layers);
  return layers.map(({ columnOrder, columns }) => ({
    kind: 'groups',
    name,
    lucene: [common, state.query.query],
    columns: columnOrder.map((id) => {
      const column = columns[id];
      if (column === undefined) throw new Error(`The panel "${name}" orders a column ${id} that it does not have.`);
      return { ...column, id };
    }),
  }));
}

const luceneOf = (id: string, text: string): string => readJsonText(SearchSource, text, `${id}.searchSourceJSON`).query.query;
