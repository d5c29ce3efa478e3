import {
  BOOLEAN,
  DOUBLE,
  DuckDBDataChunk,
  DuckDBInstance,
  INTEGER,
  LIST,
  listValue,
  VARCHAR,
  type DuckDBConnection,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';
import type { Dtype, FeatureValue } from '@roofshot/feature-defs/feature-value';
import { SnapshotFault } from './snapshot-fault.ts';
import type { SnapshotRow } from './join-observations.ts';
import { EVENT_TIME, OBSERVATION_ID, type SnapshotPlan } from './snapshot-plan.ts';

/** DuckDB takes rows in chunks of so many. */
const CHUNK = 2_048;
/** One thread and fixed settings: equal rows give equal bytes, whatever the machine. Nothing is fetched from outside. */
const SETTINGS = { threads: '1', memory_limit: '1GB', autoinstall_known_extensions: 'false', autoload_known_extensions: 'false' };
const COPY_OPTIONS = 'FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 100000';

/** Writes the rows, in their order, as Parquet: observation id, event time (UTC), features in the order of the service, label. */
export async function writeParquet(path: string, plan: SnapshotPlan, rows: readonly SnapshotRow[]): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:', SETTINGS);
  const connection = await instance.connect();
  try {
    const features = plan.service.columns;
    const types = [VARCHAR, DOUBLE, ...features.map(({ dtype }) => TYPES[dtype]), DOUBLE];
    const names = [OBSERVATION_ID, EVENT_TIME, ...features.map(({ name }) => name), plan.label.name].map(quoteName);
    await connection.run(`CREATE TABLE snapshot (${names.map((name, i) => `${name} ${String(types[i])}`).join(', ')})`);
    await append(connection, types, rows);
    const selected = names.map((name) => (name === EVENT_TIME_COLUMN ? `epoch_ms(${name}::BIGINT) AS ${name}` : name)).join(', ');
    await connection.run(`COPY (SELECT ${selected} FROM snapshot ORDER BY rowid) TO '${path.replaceAll("'", "''")}' (${COPY_OPTIONS})`);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

const TYPES: Readonly<Record<Dtype, DuckDBType>> = {
  float: DOUBLE,
  int: INTEGER,
  string: VARCHAR,
  bool: BOOLEAN,
  float_list: LIST(DOUBLE),
  string_list: LIST(VARCHAR),
  bool_list: LIST(BOOLEAN),
};

const toDuckDb = (value: FeatureValue): DuckDBValue => (Array.isArray(value) ? listValue(value) : value);

const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const EVENT_TIME_COLUMN = quoteName(EVENT_TIME);

async function append(connection: DuckDBConnection, types: readonly DuckDBType[], rows: readonly SnapshotRow[]): Promise<void> {
  const appender = await connection.createAppender('snapshot');
  for (let start = 0; start < rows.length; start += CHUNK) {
    const chunk = DuckDBDataChunk.create(types);
    chunk.setRows(rows.slice(start, start + CHUNK).map(({ id, time, features, label }) => [id, time, ...features.map(toDuckDb), label]));
    appender.appendDataChunk(chunk);
    await new Promise((resolve) => setImmediate(resolve));
  }
  appender.closeSync();
}

/** A table without rows teaches nothing, and trainers would fail with a stranger message. */
export function refuseEmpty(
  rows: readonly SnapshotRow[],
  { observations, labelNotKnown }: { observations: number; labelNotKnown: number },
  plan: SnapshotPlan,
): void {
  if (rows.length > 0) return;
  const range = `${new Date(plan.from).toISOString()} to ${new Date(plan.to).toISOString()}`;
  throw new SnapshotFault(
    observations === 0
      ? `There is no event ${plan.observation.eventType} from ${range} that was known at ${new Date(plan.asOf).toISOString()}. Check the range, and that the events have been sent.`
      : `None of the ${observations} observations from ${range} has a label: ${labelNotKnown} labels were not known at ${new Date(plan.asOf).toISOString()}. Check the label's id and event type, or ask with a later asOf.`,
  );
}
