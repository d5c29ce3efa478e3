import type { MigrationInterface, QueryRunner } from 'typeorm';

const STATEMENTS = [
  // Of a key only its hash is kept; what is revoked stays, because the ledger speaks of it. Null limits: none.
  `CREATE TABLE write_keys (
     id text PRIMARY KEY,
     name text NOT NULL,
     hash bytea NOT NULL UNIQUE,
     event_types text[],
     may_import boolean NOT NULL,
     events_per_second int,
     events_per_day bigint,
     max_body_bytes int,
     created_at timestamptz NOT NULL,
     revoked_at timestamptz
   )`,
  `CREATE UNIQUE INDEX write_keys_of_name ON write_keys (name) WHERE revoked_at IS NULL`,
  // Counted in the transactions that take the events: exact over all processes.
  `CREATE TABLE write_key_usage (
     key_id text NOT NULL REFERENCES write_keys,
     day date NOT NULL,
     events bigint NOT NULL,
     PRIMARY KEY (key_id, day)
   ) WITH (fillfactor = 30)`,
  `ALTER TABLE ledger ADD COLUMN write_key text NOT NULL DEFAULT ''`,
  `ALTER TABLE ledger DROP CONSTRAINT ledger_pkey`,
  `ALTER TABLE ledger ADD PRIMARY KEY (event_type, write_key, shard)`,
];

export class CreateWriteKeys1700000003000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DELETE FROM ledger WHERE write_key <> ''`);
    await runner.query('ALTER TABLE ledger DROP COLUMN write_key');
    await runner.query('ALTER TABLE ledger ADD PRIMARY KEY (event_type, shard)');
    await runner.query('DROP TABLE write_key_usage, write_keys');
  }
}
