import type { MigrationInterface, QueryRunner } from 'typeorm';

const STATEMENTS = [
  `CREATE TABLE seen (fingerprint bytea PRIMARY KEY, seen_at timestamptz NOT NULL)`,
  // Rows are appended in the order of time: a block range index is all that the purge needs.
  `CREATE INDEX seen_by_time ON seen USING brin (seen_at)`,
  `CREATE TABLE ledger (
     event_type text NOT NULL,
     shard int NOT NULL,
     accepted bigint NOT NULL,
     duplicate bigint NOT NULL,
     late bigint NOT NULL,
     quarantined bigint NOT NULL,
     PRIMARY KEY (event_type, shard)
   )`,
];

export class CreateIngestion1700000001000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE ledger');
    await runner.query('DROP TABLE seen');
  }
}
