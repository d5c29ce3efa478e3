import type { MigrationInterface, QueryRunner } from 'typeorm';

const STATEMENTS = [
  `CREATE TABLE versions (
     model text NOT NULL,
     version int NOT NULL,
     run_id text NOT NULL,
     artifact text NOT NULL,
     signature json NOT NULL,
     params json NOT NULL,
     metrics json NOT NULL,
     lineage json NOT NULL,
     state text NOT NULL CHECK (state IN ('registered', 'approved', 'refused')),
     checks json NOT NULL,
     registered_at timestamptz NOT NULL,
     admission_lease timestamptz,
     PRIMARY KEY (model, version),
     UNIQUE (model, run_id)
   )`,
  `CREATE INDEX versions_to_admit ON versions (registered_at) WHERE state = 'registered'`,
  // Append-only: an alias is the last of its moves.
  `CREATE TABLE alias_moves (
     model text NOT NULL,
     alias text NOT NULL,
     revision int NOT NULL,
     version int,
     previous int,
     kind text NOT NULL CHECK (kind IN ('promoted', 'rolled-back', 'removed')),
     reason text NOT NULL,
     requested_by text NOT NULL,
     moved_at timestamptz NOT NULL,
     PRIMARY KEY (model, alias, revision),
     FOREIGN KEY (model, version) REFERENCES versions
   )`,
];

export class CreateRegistry1700000004000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE alias_moves');
    await runner.query('DROP TABLE versions');
  }
}
