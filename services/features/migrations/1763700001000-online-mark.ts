import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The mark of the online store that `online`, `online_offset` and `online_at` speak of; null: of none that is known. */
export class AddOnlineMark1763700001000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE view_positions ADD COLUMN online_mark text');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE view_positions DROP COLUMN online_mark');
  }
}
