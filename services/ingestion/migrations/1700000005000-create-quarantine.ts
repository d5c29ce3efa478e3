import type { MigrationInterface, QueryRunner } from 'typeorm';

const STATEMENTS = [
  // `place`: in the order in which they came; lists and redrives go along it. `id`: of the record on events-refused.v1.
  // Texts by which rows are found are at most 1,500 bytes (storableKey): an index takes no longer ones. `original` has all of it.
  `CREATE TABLE quarantine (
     place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     id uuid NOT NULL UNIQUE,
     received_at timestamptz NOT NULL,
     event_type text NOT NULL,
     event_id text NOT NULL,
     event_source text NOT NULL,
     subject text,
     write_key text NOT NULL,
     correlation_id text NOT NULL,
     verdict text NOT NULL,
     reason text NOT NULL,
     detail text NOT NULL,
     path text,
     original bytea NOT NULL,
     is_whole boolean NOT NULL,
     status text NOT NULL DEFAULT 'open',
     redrives int NOT NULL DEFAULT 0,
     last_redrive jsonb,
     resolved_at timestamptz
   )`,
  // What the work-list asks for most: what is open, of one type.
  `CREATE INDEX quarantine_open ON quarantine (event_type, place) WHERE status = 'open'`,
  // Rows are appended in the order of time: a block range index is all that the purge needs.
  `CREATE INDEX quarantine_by_time ON quarantine USING brin (received_at)`,
];

export class CreateQuarantine1700000005000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE quarantine');
  }
}
