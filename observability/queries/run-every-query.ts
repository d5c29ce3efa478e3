import type { Client, estypes } from '@elastic/elasticsearch';
import { readKibanaQueries, type GroupQuery, type KibanaQuery, type LinesQuery, type QueryColumn } from './read-queries.ts';

export interface TimeRange {
  readonly from: Date;
  readonly to: Date;
}

export interface QueryRows {
  /** `[Roofshot] Overview / Lines by level`; of a column of lines `[Roofshot] Errors and warnings: event.reason`. */
  readonly name: string;
  readonly rows: number;
}

/** A row of a panel's table by the labels of its columns, or of a search by its fields. */
export type Row = Readonly<Record<string, unknown>>;

/** As many stretches of time as a chart has room for. */
const STRETCHES = 100;
const SHOWN_LINES = 500;

/**
 * Runs every query of the Kibana objects as they are checked in against `index` (a name or pattern) and tells how many rows each returns:
 * of a panel the groups that have a value in every column, of a search its lines, and of each of its columns the lines that have it.
 * @throws where Elasticsearch refuses one, such as percentiles of words
 */
export async function runEveryQuery(client: Client, index: string, range: TimeRange): Promise<QueryRows[]> {
  const found: QueryRows[] = [];
  for (const query of readKibanaQueries()) {
    const place = { client, index, range };
    found.push(...(query.kind === 'lines' ? await countLines(place, query) : await countGroups(place, query)));
  }
  return found;
}

interface Place {
  readonly client: Client;
  readonly index: string;
  readonly range: TimeRange;
}

async function countLines(place: Place, query: LinesQuery): Promise<QueryRows[]> {
  const { hits, aggregations } = await searchLines(place, query);
  const total = typeof hits.total === 'object' ? hits.total.value : (hits.total ?? 0);
  const columns = query.columns.map((column) => ({ name: `${query.name}: ${column}`, rows: aggregations?.[column]?.doc_count ?? 0 }));
  return [{ name: query.name, rows: total }, ...columns];
}

async function countGroups(place: Place, query: GroupQuery): Promise<QueryRows[]> {
  const rows = await runQuery(place, query);
  return [{ name: query.name, rows: rows.filter((row) => Object.values(row).every((value) => value !== null)).length }];
}

/** The rows that Kibana would show, of a search at most 500. */
export async function runQuery(place: Place, query: KibanaQuery): Promise<Row[]> {
  if (query.kind === 'groups') return searchGroups(place, query);
  const { hits } = await searchLines(place, query);
  return hits.hits.map(({ fields }) => Object.fromEntries(Object.entries(fields ?? {}).map(([field, values]) => [field, only(values)])));
}

/** Fields come as lists, of one value nearly always. */
const only = (values: unknown): unknown => (Array.isArray(values) && values.length === 1 ? values[0] : values);

type Columns = Record<string, estypes.AggregationsFilterAggregate>;

function searchLines({ client, index, range }: Place, query: LinesQuery): Promise<estypes.SearchResponse<unknown, Columns>> {
  const { lucene, columns, sort } = query;
  return named(query, () =>
    client.search<unknown, Columns>({
      index,
      size: SHOWN_LINES,
      track_total_hits: true,
      query: queryOf(lucene, range),
      sort: sort.map(([field, order]) => ({ [field]: { order } })),
      fields: [...columns],
      _source: false,
      aggs: Object.fromEntries(columns.map((field) => [field, { filter: { exists: { field } } }])),
    }),
  );
}

async function searchGroups({ client, index, range }: Place, query: GroupQuery): Promise<Row[]> {
  const buckets = query.columns.filter(({ isBucketed }) => isBucketed);
  const values = query.columns.filter(({ isBucketed }) => !isBucketed);
  const { aggregations } = await named(query, () =>
    client.search<unknown, Record<string, estypes.AggregationsAggregate>>({
      index,
      size: 0,
      query: queryOf(query.lucene, range),
      aggs: nested(buckets, values, range),
    }),
  );
  return aggregations === undefined ? [] : rowsOf({ ...aggregations }, buckets, values);
}

async function named<T>({ name }: KibanaQuery, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`The query of "${name}" cannot be run: ${reason}`, { cause: error });
  }
}

/** As Kibana asks: each text by `query_string`, within the time range. */
function queryOf(lucene: readonly string[], { from, to }: TimeRange): estypes.QueryDslQueryContainer {
  const texts = lucene.filter((text) => text !== '');
  return {
    bool: {
      filter: [
        { range: { '@timestamp': { gte: from.toISOString(), lte: to.toISOString() } } },
        ...texts.map((query) => ({ query_string: { query, analyze_wildcard: true } })),
      ],
    },
  };
}

type Aggregations = Record<string, estypes.AggregationsAggregationContainer>;

function nested([bucket, ...inner]: readonly QueryColumn[], values: readonly QueryColumn[], range: TimeRange): Aggregations {
  if (bucket === undefined) return Object.assign({}, ...values.map(valueOf)) as Aggregations;
  return { [bucket.id]: { ...bucketOf(bucket, values, range), aggs: nested(inner, values, range) } };
}

function bucketOf(column: QueryColumn, values: readonly QueryColumn[], { from, to }: TimeRange): estypes.AggregationsAggregationContainer {
  const { sourceField: field } = column;
  if (column.operationType === 'date_histogram') {
    const seconds = Math.max(1, Math.ceil((to.getTime() - from.getTime()) / 1000 / STRETCHES));
    return { date_histogram: { field, fixed_interval: `${seconds}s`, min_doc_count: 1 } };
  }
  if (column.operationType !== 'terms') throw new Error(`Nothing is grouped by ${column.operationType}.`);
  const { size, orderBy, orderDirection } = column.params;
  const by = values.find(({ id }) => id === orderBy.columnId);
  if (by?.operationType !== 'count') throw new Error(`${field} is ordered by ${orderBy.columnId}, and only a count is known here.`);
  return { terms: { field, size, order: { _count: orderDirection } } };
}

/** A count is what every group has anyway. */
function valueOf(column: QueryColumn): Aggregations {
  if (column.operationType === 'count') return {};
  if (column.operationType !== 'percentile') throw new Error(`Nothing is computed by ${column.operationType}.`);
  return { [column.id]: { percentiles: { field: column.sourceField, percents: [column.params.percentile], keyed: false } } };
}

interface Bucket {
  readonly key: string | number;
  readonly key_as_string?: string;
  readonly doc_count: number;
  readonly [aggregation: string]: unknown;
}

function rowsOf(
  answer: Readonly<Record<string, unknown>>,
  [bucket, ...inner]: readonly QueryColumn[],
  values: readonly QueryColumn[],
): Row[] {
  if (bucket === undefined) return [Object.fromEntries(values.map((column) => [column.label, computed(answer, column)]))];
  const { buckets } = answer[bucket.id] as { buckets: readonly Bucket[] };
  return buckets.flatMap((group) => {
    const label = { [bucket.label]: group.key_as_string ?? group.key };
    return rowsOf(group, inner, values).map((row) => ({ ...label, ...row }));
  });
}

/** Null where no line of the group has the field. */
function computed(answer: Readonly<Record<string, unknown>>, column: QueryColumn): unknown {
  if (column.operationType === 'count') return answer['doc_count'];
  const { values } = answer[column.id] as { values: readonly { readonly value: number | null }[] };
  return values[0]?.value ?? null;
}
