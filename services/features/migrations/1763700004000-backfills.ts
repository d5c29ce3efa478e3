import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Of each view that was changed: what is computed, what answers until then, and how far it is. */
export class CreateBackfills1763700004000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE backfills (
        view text PRIMARY KEY,
        generation integer NOT NULL,
        spec json NOT NULL,
        revision integer NOT NULL,
        from_generation integer NOT NULL,
        from_spec json NOT NULL,
        state text NOT NULL CHECK (state IN ('running', 'paused', 'compared', 'switched', 'cancelled')),
        report json,
        started_at timestamptz NOT NULL,
        finished_at timestamptz
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE backfills');
  }
}
