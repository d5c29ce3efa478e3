import { setTimeout as delay } from 'node:timers/promises';
import { MigrationExecutor } from 'typeorm';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createDataSource } from './connect-sql.ts';
import { schemaName } from './schema-name.ts';
import type { Sql } from './sql.ts';
import { userOf } from './connect-faults.ts';
import { describeSqlFailure, ServerRefusal, sqlState } from './sql-errors.ts';

/** A TypeORM migration; its class name ends in a timestamp of 13 digits, which orders it. */
export type MigrationClass = new () => MigrationInterface;

const LOOK_MS = 40;
const NO_RIGHT = '42501';

/**
 * Brings a schema (made when absent) up to date: runs the migrations that its own `migrations` table does not list, each in a
 * transaction of its own, with the schema first in the search path. Answers the names of those that ran now.
 * Safe to call from many processes at once: one runs, the others wait for it. Throws when a migration fails: it names the migration,
 * of which nothing is applied; those before it stay applied.
 */
export async function migrate(sql: Sql, schema: string, migrations: readonly MigrationClass[]): Promise<string[]> {
  const source = createDataSource(sql.url, { poolSize: 1, applicationName: 'roofshot migrate', schema: schemaName(schema) });
  source.setOptions({ migrations: [...migrations], migrationsTableName: 'migrations' });
  try {
    await source.initialize();
    const runner = source.createQueryRunner();
    await lockSchema(runner, schema);
    await createSchema(runner, sql, schema);
    await runner.query(`SET search_path TO ${schema}, public`);
    const executor = new MigrationExecutor(source, runner);
    executor.transaction = 'each';
    return (await executor.executePendingMigrations()).map(({ name }) => name);
  } catch (error) {
    throw describeFailure(error, schema, sql.where);
  } finally {
    if (source.isInitialized) await source.destroy(); // ends the connection, and with it the lock
  }
}

/** One that is there is taken as it is: its user need not be allowed to make others, which IF NOT EXISTS would ask for all the same. */
async function createSchema(runner: QueryRunner, sql: Sql, schema: string): Promise<void> {
  const found: unknown[] = await runner.query('SELECT FROM pg_namespace WHERE nspname = $1', [schema]);
  if (found.length > 0) return;
  try {
    await runner.query(`CREATE SCHEMA ${schema}`);
  } catch (error) {
    if (sqlState(error) === NO_RIGHT) throw mayNotCreate(error, sql);
    throw error;
  }
}

/** Says nothing of the one schema, since it is so for all of them. */
function mayNotCreate(error: unknown, { url, where }: Sql): ServerRefusal {
  const user = userOf(url);
  const database = where.slice(where.lastIndexOf('/') + 1);
  return new ServerRefusal(
    `PostgreSQL at ${where} does not let the user "${user}" make the schemas that are needed. As an administrator there: ` +
      `GRANT CREATE ON DATABASE "${database}" TO "${user}"; or for each of them: CREATE SCHEMA … AUTHORIZATION "${user}".`,
    { cause: error },
  );
}

/** Held by the connection that migrates. Waiting by looking, because a waiting statement would block CREATE INDEX CONCURRENTLY. */
async function lockSchema(runner: QueryRunner, schema: string): Promise<void> {
  for (;;) {
    const [row]: [{ locked: boolean }] = await runner.query('SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS locked', [
      `roofshot migrate ${schema}`,
    ]);
    if (row.locked) return;
    await delay(LOOK_MS);
  }
}

function mayNotUse(failure: Error, { schema, where }: { readonly schema: string; readonly where: string }): ServerRefusal {
  return new ServerRefusal(
    `The schema "${schema}" in ${where} belongs to another user: ${failure.message}. Make the user of this URL its owner (ALTER SCHEMA ${schema} OWNER TO …), with the tables in it.`,
    { cause: failure },
  );
}

function describeFailure(error: unknown, schema: string, where: string): Error {
  if (error instanceof ServerRefusal) return error;
  const failure = describeSqlFailure(error, where);
  if (sqlState(failure) === NO_RIGHT) return mayNotUse(failure, { schema, where });
  return new Error(
    `The schema "${schema}" in ${where} could not be brought up to date: ${failure.message} The failed migration left nothing behind; mend it and start again.`,
    { cause: failure },
  );
}
