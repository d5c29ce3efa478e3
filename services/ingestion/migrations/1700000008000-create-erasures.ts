import type { MigrationInterface, QueryRunner } from 'typeorm';

const STATEMENTS = [
  // The subject is there until every service has done its part, and then nowhere. Times of erasing are epoch milliseconds.
  `CREATE TABLE erasures (
     id text PRIMARY KEY,
     subject text,
     types text[],
     requested_by text NOT NULL,
     erased_at bigint NOT NULL,
     finished_at timestamptz
   )`,
  `CREATE TABLE erasure_parts (
     erasure_id text NOT NULL REFERENCES erasures,
     service text NOT NULL,
     erased json,
     kept json,
     done_at timestamptz,
     PRIMARY KEY (erasure_id, service)
   )`,
];

export class CreateErasures1700000008000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE erasure_parts, erasures');
  }
}
