import { Client } from 'pg';

const CONNECT_MS = 5_000;

/** Makes a table of its own, writes a row and reads it. */
export async function provePostgres(url: string): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MS });
  client.on('error', () => undefined); // the query that waits tells it, too
  try {
    await client.connect();
    await client.query('CREATE TEMPORARY TABLE ready AS SELECT 1 AS n');
    const { rows } = await client.query('SELECT n FROM ready');
    if (rows.length !== 1) throw new Error('a row that was written could not be read');
  } finally {
    await client.end();
  }
}
