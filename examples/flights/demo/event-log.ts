/** Writes what lies on the log to Parquet, so that anyone can check the demo's numbers without the platform. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance, type DuckDBAppender, type DuckDBConnection } from '@duckdb/node-api';
import type { EventBus, LogRecord } from '@roofshot/messaging/events';
import { logPages } from './log-pages.ts';

/** Topic → file. */
const TABLES = {
  'events.flight.departed': 'departed.parquet',
  'events.flight.landed': 'landed.parquet',
  'predictions.v1': 'predictions.parquet',
  'exposures.v1': 'exposures.parquet',
} as const;

/** Columns: partition, offset, type, id, subject, time, knowntime (ISO texts), data (JSON text). Answers the folder. */
export async function exportLog(bus: EventBus, folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const instance = await DuckDBInstance.create(':memory:', { autoinstall_known_extensions: 'false' });
  const duck = await instance.connect();
  try {
    for (const [topic, file] of Object.entries(TABLES)) await exportTopic(bus, duck, topic, join(folder, file));
  } finally {
    duck.closeSync();
    instance.closeSync();
  }
  return folder;
}

async function exportTopic(bus: EventBus, duck: DuckDBConnection, topic: string, path: string): Promise<void> {
  await duck.run(
    'CREATE OR REPLACE TABLE log (partition INTEGER, "offset" BIGINT, type VARCHAR, id VARCHAR, subject VARCHAR, time VARCHAR, knowntime VARCHAR, data VARCHAR)',
  );
  const appender = await duck.createAppender('log');
  for await (const records of logPages(bus, topic)) for (const record of records) appendRow(appender, rowOf(record));
  appender.closeSync();
  await duck.run(
    `COPY (SELECT * FROM log ORDER BY partition, "offset") TO '${path.replaceAll("'", "''")}' (FORMAT parquet, COMPRESSION zstd)`,
  );
}

function appendRow(appender: DuckDBAppender, cells: readonly Cell[]): void {
  for (const cell of cells) {
    if (cell === undefined) appender.appendNull();
    else if (typeof cell === 'string') appender.appendVarchar(cell);
    else if (typeof cell === 'bigint') appender.appendBigInt(cell);
    else appender.appendInteger(cell);
  }
  appender.endRow();
}

type Cell = string | number | bigint | undefined;

function rowOf({ partition, offset, headers, value }: LogRecord): Cell[] {
  const attributes = ['type', 'id', 'subject', 'time', 'knowntime'].map((name) => headers[`ce_${name}`]);
  return [partition, BigInt(offset), ...attributes, value];
}
