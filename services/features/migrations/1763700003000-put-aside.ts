import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Per view and partition: the newest event time (of what was known then), and how many events came late or could not be read.
 * `parked_events`: which those were.
 */
export class PutAside1763700003000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE view_positions
        ADD COLUMN newest bigint, ADD COLUMN late bigint NOT NULL DEFAULT 0, ADD COLUMN parked bigint NOT NULL DEFAULT 0`);
    await runner.query(`
      CREATE TABLE parked_events (
        view text NOT NULL,
        topic text NOT NULL,
        partition integer NOT NULL,
        "offset" bigint NOT NULL,
        event_id text NOT NULL,
        subject text,
        event_time bigint,
        reason text NOT NULL,
        parked_at timestamptz NOT NULL,
        PRIMARY KEY (view, topic, partition, "offset")
      )`);
    await runner.query('CREATE INDEX parked_events_by_subject ON parked_events (subject)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE parked_events');
    await runner.query('ALTER TABLE view_positions DROP COLUMN newest, DROP COLUMN late, DROP COLUMN parked');
  }
}
