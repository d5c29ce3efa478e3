/** Feature values from raw events, in SQL. Nothing here comes from the code that computes features. */
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import type {
  EntitySpec,
  FeatureServiceSpec,
  FeatureServiceView,
  FeatureSpec,
  FeatureViewSpec,
} from '@roofshot/contracts/resources/feature-kinds';
import { NotAuditable, quoteText, toSql, type SqlVariables } from './cel-to-sql.ts';

/** An event as it lies on the log. Times are epoch milliseconds; `data` is JSON text. */
export interface RawEvent {
  readonly eventTime: number;
  readonly knownTime: number;
  readonly subject: string | null;
  readonly data: string;
}

/** A question that was asked; `entities` and `context` are JSON text. */
export interface AskedVector {
  /** Names this one vector. */
  readonly id: string;
  readonly asOf: number;
  readonly entities: string;
  readonly context: string;
}

/** A feature service with all that it refers to, as it was declared. */
export interface AuditedService {
  readonly spec: FeatureServiceSpec;
  readonly views: ReadonlyMap<string, FeatureViewSpec>;
  readonly entities: ReadonlyMap<string, EntitySpec>;
}

export interface Recomputed {
  /** By question, then by full feature name. */
  readonly values: ReadonlyMap<string, ReadonlyMap<string, number | null>>;
  /** Features that the audit cannot compute, with the reason. */
  readonly refused: ReadonlyMap<string, string>;
}

const SETTINGS = { threads: '1', memory_limit: '1GB', autoinstall_known_extensions: 'false', autoload_known_extensions: 'false' };
const EVENT: SqlVariables = {
  data: { column: 'data', type: 'json' },
  subject: { column: 'subject', type: 'text' },
  time: { column: 'event_time', type: 'number' },
};
const REQUEST: SqlVariables = {
  context: { column: 'context', type: 'json' },
  entities: { column: 'entities', type: 'json' },
  time: { column: 'as_of', type: 'number' },
};

/** Recomputes the vectors of one service. `rawEvents`: by event type. */
export async function recompute(
  service: AuditedService,
  asked: readonly AskedVector[],
  rawEvents: ReadonlyMap<string, readonly RawEvent[]>,
): Promise<Recomputed> {
  const instance = await DuckDBInstance.create(':memory:', SETTINGS);
  const connection = await instance.connect();
  try {
    await loadTables(connection, asked, rawEvents);
    return await new Recomputation(connection, service, [...rawEvents.keys()]).run();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

async function loadTables(
  connection: DuckDBConnection,
  asked: readonly AskedVector[],
  rawEvents: ReadonlyMap<string, readonly RawEvent[]>,
): Promise<void> {
  await connection.run('CREATE TABLE asked (id VARCHAR, as_of DOUBLE, entities JSON, context JSON)');
  const questions = await connection.createAppender('asked');
  for (const { id, asOf, entities, context } of asked) {
    questions.appendVarchar(id);
    questions.appendDouble(asOf);
    questions.appendVarchar(entities);
    questions.appendVarchar(context);
    questions.endRow();
  }
  questions.closeSync();
  for (const [i, events] of [...rawEvents.values()].entries()) await loadEvents(connection, `raw_${i}`, events);
}

async function loadEvents(connection: DuckDBConnection, table: string, events: readonly RawEvent[]): Promise<void> {
  await connection.run(`CREATE TABLE ${table} (event_time DOUBLE, known_time DOUBLE, subject VARCHAR, data JSON)`);
  const appender = await connection.createAppender(table);
  for (const { eventTime, knownTime, subject, data } of events) {
    appender.appendDouble(eventTime);
    appender.appendDouble(knownTime);
    if (subject === null) appender.appendNull();
    else appender.appendVarchar(subject);
    appender.appendVarchar(data);
    appender.endRow();
  }
  appender.closeSync();
}

class Recomputation {
  readonly #connection: DuckDBConnection;
  readonly #service: AuditedService;
  readonly #eventTypes: readonly string[];
  readonly #values = new Map<string, Map<string, number | null>>();
  readonly #refused = new Map<string, string>();

  constructor(connection: DuckDBConnection, service: AuditedService, eventTypes: readonly string[]) {
    this.#connection = connection;
    this.#service = service;
    this.#eventTypes = eventTypes;
  }

  async run(): Promise<Recomputed> {
    const { views = [], requestFeatures = [] } = this.#service.spec;
    for (const role of views) await this.#role(role);
    for (const { name, value } of requestFeatures) {
      await this.#guarded([name], () => this.#collect(`SELECT id, ${toSql(value, REQUEST, 'feature')} AS ${quoteName(name)} FROM asked`));
    }
    return { values: this.#values, refused: this.#refused };
  }

  async #role(role: FeatureServiceView): Promise<void> {
    const view = this.#service.views.get(role.view);
    if (view === undefined) return;
    for (const feature of view.features) {
      const wanted = view.windows
        .map((window) => `${feature.name}_${window}`)
        .filter((name) => role.features === undefined || role.features.includes(name));
      if (wanted.length === 0) continue;
      await this.#guarded(
        wanted.map((name) => `${role.role}__${name}`),
        () => this.#collect(this.#featureSql(role, view, feature)),
      );
    }
  }

  async #guarded(names: readonly string[], work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof NotAuditable)) throw error;
      for (const name of names) this.#refused.set(name, error.message);
    }
  }

  /** All windows of one feature under one role, a row per question. */
  #featureSql(role: FeatureServiceView, view: FeatureViewSpec, feature: FeatureSpec): string {
    const keys = this.#service.entities.get(view.entity)?.keys ?? [];
    const tile = milliseconds(view.tile);
    const longest = Math.max(...view.windows.map(milliseconds));
    const end = `floor(a.as_of / ${tile}) * ${tile}`;
    const filter = view.source.filter === undefined ? 'true' : `(${toSql(view.source.filter, EVENT, 'boolean')}) IS TRUE`;
    const keyColumns = keys.map((key, i) => `${toSql(view.source.keys?.[key] ?? 'null', EVENT, 'key')} AS k${i}`);
    const same = keys.map((key, i) => `e.k${i} = json_extract_string(a.entities, ${quoteText(`$."${role.keys?.[key] ?? ''}"`)})`);
    const columns = view.windows.map((window) => {
      const name = quoteName(`${role.role}__${feature.name}_${window}`);
      return `${aggregate(feature, `e.event_time >= ${end} - ${milliseconds(window)}`)} AS ${name}`;
    });
    return `
      WITH e AS (SELECT event_time, known_time, ${[...keyColumns, `${valueSql(feature)} AS v`].join(', ')}
                 FROM raw_${this.#eventTypes.indexOf(view.source.eventType)} WHERE ${filter})
      SELECT a.id, ${columns.join(', ')} FROM asked a LEFT JOIN e
        ON ${[...same, `e.event_time < ${end}`, `e.event_time >= ${end} - ${longest}`, 'e.known_time <= a.as_of'].join(' AND ')}
      GROUP BY a.id`;
  }

  async #collect(sql: string): Promise<void> {
    const reader = await this.#connection.runAndReadAll(sql);
    for (const { id, ...features } of reader.getRowObjectsJS()) {
      const values = this.#values.get(String(id)) ?? new Map<string, number | null>();
      for (const [name, value] of Object.entries(features)) values.set(name, value === null ? null : Number(value));
      this.#values.set(String(id), values);
    }
  }
}

function valueSql({ aggregation, value = 'null' }: FeatureSpec): string {
  if (aggregation === 'count') return '1';
  return toSql(value, EVENT, aggregation === 'share' ? 'boolean' : 'number');
}

/** Sums are exact: millionths in 128-bit integers. */
function aggregate({ aggregation }: FeatureSpec, inWindow: string): string {
  const only = `FILTER (WHERE ${inWindow})`;
  const sum = `sum(round(v * 1e6)::HUGEINT) ${only}`;
  switch (aggregation) {
    case 'count':
      return `count(e.event_time) ${only}`;
    case 'sum':
      return `coalesce((${sum})::DOUBLE / 1e6, 0)`;
    case 'mean':
      return `(${sum})::DOUBLE / nullif((count(v) ${only}) * 1e6, 0)`;
    case 'share':
      return `(sum(CASE WHEN v THEN 1 ELSE 0 END) ${only})::DOUBLE / nullif(count(v) ${only}, 0)`;
    default:
      throw new NotAuditable(`a ${aggregation} is not recomputed`);
  }
}

/** How far before a question its windows reach at most, in milliseconds. */
export function reachMs(spec: FeatureServiceSpec, views: ReadonlyMap<string, FeatureViewSpec>): number {
  const used = (spec.views ?? []).flatMap(({ view }) => views.get(view) ?? []);
  return Math.max(0, ...used.flatMap(({ tile, windows }) => windows.map((window) => milliseconds(window) + milliseconds(tile))));
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

export function milliseconds(duration: string): number {
  return Number(duration.slice(0, -1)) * (UNITS[duration.slice(-1)] ?? NaN) * 1_000;
}

const quoteName = (name: string): string => `"${name}"`;
