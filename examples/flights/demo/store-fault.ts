/** The first fault is real: the store refuses every write, as with a full disk, a lost right or a lost replica. Reads go on. */
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Queryable } from '@roofshot/storage/sql';

/** Stops writes to the online store, and lets them through again. */
export interface OnlineStoreFault {
  inject(): Promise<void>;
  heal(): Promise<void>;
}

/** `url`: of the online store, when it is not in the platform's database. */
export function storeFaultOf(sql: Queryable, url: string | undefined): OnlineStoreFault {
  if (url?.startsWith('redis') !== true) return { inject: () => refuseRows(sql), heal: () => allowRows(sql) };
  return { inject: () => wantReplicas(url, 1), heal: () => wantReplicas(url, 0) };
}

async function refuseRows(sql: Queryable): Promise<void> {
  await sql.query(`CREATE OR REPLACE FUNCTION online.refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'no space left on device (injected by the demo)'; END $$`);
  await sql.query(
    'CREATE OR REPLACE TRIGGER refuse BEFORE INSERT OR UPDATE ON online.rows FOR EACH STATEMENT EXECUTE FUNCTION online.refuse()',
  );
}

async function allowRows(sql: Queryable): Promise<void> {
  await sql.query('DROP TRIGGER IF EXISTS refuse ON online.rows');
}

/** A Redis that misses replicas refuses writes with NOREPLICAS. */
async function wantReplicas(url: string, count: number): Promise<void> {
  const { hostname, port, password } = new URL(url);
  const socket = connect(Number(port), hostname);
  try {
    await once(socket, 'connect');
    socket.write(`AUTH ${decodeURIComponent(password)}\r\nCONFIG SET min-replicas-to-write ${count}\r\n`);
    let answer = '';
    while (answer.split('\r\n').length < 3) answer += String((await once(socket, 'data'))[0]);
    if (answer !== '+OK\r\n+OK\r\n') throw new Error(`Redis did not take the fault: ${answer.trim()}`);
  } finally {
    socket.destroy();
  }
}
