import type { Sql } from '@roofshot/storage/sql';
import { Client } from 'pg';

/** The server process behind a connection: its number alone is used again, with its start it is not. */
export interface Backend {
  readonly pid: number;
  /** As PostgreSQL writes it, because a Date would lose the microseconds. */
  readonly startedAt: string;
}

interface Connection {
  readonly client: Client;
  readonly backend: Backend;
}

/**
 * One connection that lives exactly as long as this process: when it is killed, the operating system closes the connection and
 * PostgreSQL ends its backend, so others see the death at once and need not wait for a heartbeat to run out.
 */
export class Presence {
  readonly #sql: Sql;
  #connection: Promise<Connection> | undefined;
  #closed = false;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** The backend of the connection, which is made again when it was lost. */
  async backend(): Promise<Backend> {
    if (this.#closed) throw new Error('The event bus was closed.');
    this.#connection ??= this.#connect();
    return (await this.#connection).backend;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const connection = await this.#connection?.catch(() => undefined); // one that could not be made needs no end
    await connection?.client.end();
  }

  #connect(): Promise<Connection> {
    const client = new Client({ connectionString: this.#sql.url, keepAlive: true, application_name: 'roofshot presence' });
    const connection = connect(client);
    const lost = (): void => {
      // Told twice, by its error and by its end: another may be in its place by then.
      if (this.#connection === connection) this.#connection = undefined;
      client.end().catch(() => undefined); // it is broken: only its socket is to be given back
    };
    client.on('error', lost).on('end', lost);
    connection.catch(lost);
    return connection;
  }
}

async function connect(client: Client): Promise<Connection> {
  await client.connect();
  const { rows } = await client.query<Backend>(
    `SELECT pid, backend_start::text AS "startedAt" FROM pg_stat_activity WHERE pid = pg_backend_pid()`,
  );
  const [backend] = rows;
  if (backend === undefined) throw new Error('PostgreSQL does not list the backend of this connection.');
  return { client, backend };
}
