import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Erasures whose rows are gone from the series and may still be in the online store. `entities`: their keys, a list of {view, entity};
 * `passes`: how often the store was cleared of them. The row goes when all is done, and the subject's name with it.
 */
export class CreateErasing1763700002000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE erasing (
      erasure_id text PRIMARY KEY,
      entities json NOT NULL,
      erased json NOT NULL,
      snapshots_until timestamptz NOT NULL,
      passes int NOT NULL,
      due_at timestamptz NOT NULL
    )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE erasing');
  }
}
