import { Client, types, type ClientConfig } from 'pg';
import { DataSource } from 'typeorm';
import { Sql } from './sql.ts';
import type { ServerOwner } from './sql.ts';
import { describeConnectFailure } from './connect-faults.ts';
import { ServerRefusal } from './sql-errors.ts';
import { describeUrl, refuseWrongSqlUrl } from './url.ts';

const DEFAULT_POOL_SIZE = 10;
/** Covers both a server that does not answer and a pool whose connections are all busy. */
const CONNECT_TIMEOUT_MS = 30_000;
/**
 * A process that hangs or is paused inside a transaction holds its locks, and everybody else would wait for it. After so long without
 * a statement PostgreSQL ends the session and the work is done again; statements themselves may take as long as they need.
 */
const IDLE_TRANSACTION_MS = 30_000;
/** The oldest that the tests have been run on. */
const OLDEST = 15;
const INT8 = 20;

export interface ConnectSqlOptions {
  /** Connections kept at most; default 10. */
  poolSize?: number;
  /** Shown in pg_stat_activity; default roofshot. */
  applicationName?: string;
}

/** Connects to a running PostgreSQL and proves it with one connection. Throws with every fault of the URL, or why nobody is let in there. */
export async function connectSql(url: string, options: ConnectSqlOptions, owner?: ServerOwner): Promise<Sql> {
  refuseWrongSqlUrl(url);
  const source = createDataSource(url, options);
  try {
    await source.initialize();
    await refuseOld(source, url);
  } catch (error) {
    if (source.isInitialized) await source.destroy();
    throw describeConnectFailure(error, url);
  }
  return new Sql(source, url, owner);
}

async function refuseOld(source: DataSource, url: string): Promise<void> {
  const [row]: [{ server_version_num: string }] = await source.query('SHOW server_version_num');
  const version = Math.floor(Number(row.server_version_num) / 10_000);
  if (version >= OLDEST) return;
  throw new ServerRefusal(`PostgreSQL at ${describeUrl(url)} is version ${version}. Use ${OLDEST} or later.`);
}

/**
 * pg's pool stops hearing of errors before it hands a connection out, and TypeORM begins a moment later. A farewell of PostgreSQL that comes
 * in one piece with its welcome falls between them, and an error that nobody hears ends the process. Whoever uses the connection is told.
 */
class HearingClient extends Client {
  constructor(config?: string | ClientConfig) {
    super(config);
    this.on('error', () => undefined);
  }
}

/** A TypeORM data source without entities: it brings pooling, transactions and migrations; statements are SQL text. */
export function createDataSource(url: string, options: ConnectSqlOptions & { schema?: string } = {}): DataSource {
  return new DataSource({
    type: 'postgres',
    url,
    ...(options.schema === undefined ? {} : { schema: options.schema }),
    poolSize: options.poolSize ?? DEFAULT_POOL_SIZE,
    applicationName: options.applicationName ?? 'roofshot',
    connectTimeoutMS: CONNECT_TIMEOUT_MS,
    installExtensions: false,
    logger: 'debug', // silent unless DEBUG=typeorm:* is set; the default one writes to the console
    poolErrorHandler: () => undefined, // an idle connection broke: the pool has dropped it, and the next query opens another
    extra: {
      Client: HearingClient,
      keepAlive: true,
      types: { getTypeParser },
      idle_in_transaction_session_timeout: IDLE_TRANSACTION_MS,
      onConnect: planForParameters,
    },
  });
}

/**
 * A prepared statement is planned for each run's parameters and its tables as they are then: a plan that was made while an outbox was empty
 * would read it whole when it is not.
 */
async function planForParameters(client: Client): Promise<void> {
  await client.query('SET plan_cache_mode = force_custom_plan');
}

/** pg's own parsers, but int8 as a number, because offsets, counts and milliseconds are numbers everywhere else. */
function getTypeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
  if (oid === INT8 && format !== 'binary') return parseInt8;
  return types.getTypeParser(oid, format as 'text');
}

function parseInt8(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`The int8 ${text} does not fit a number exactly: cast the column to text.`);
  return value;
}
