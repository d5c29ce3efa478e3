/** The first fault is real: the database refuses every write to the online store, as a full disk or a lost right would. Reads go on. */
import type { Queryable } from '@roofshot/storage/sql';

export async function refuseOnlineWrites(sql: Queryable): Promise<void> {
  await sql.query(`CREATE OR REPLACE FUNCTION online.refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'no space left on device (injected by the demo)'; END $$`);
  await sql.query(
    'CREATE OR REPLACE TRIGGER refuse BEFORE INSERT OR UPDATE ON online.rows FOR EACH STATEMENT EXECUTE FUNCTION online.refuse()',
  );
}

export async function allowOnlineWrites(sql: Queryable): Promise<void> {
  await sql.query('DROP TRIGGER IF EXISTS refuse ON online.rows');
}
