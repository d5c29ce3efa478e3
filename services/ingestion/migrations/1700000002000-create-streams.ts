import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Updated by every commit: room on the page keeps those updates in place. Times are epoch milliseconds. */
const STREAMS = `CREATE TABLE streams (
  topic text PRIMARY KEY,
  known bigint NOT NULL,
  fenced bigint NOT NULL,
  quiet bigint NOT NULL
) WITH (fillfactor = 20)`;

export class CreateStreams1700000002000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(STREAMS);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE streams');
  }
}
