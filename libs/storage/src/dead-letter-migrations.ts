import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What is known of a failure at its time and cannot be found out later, and commands that died (dead-commands.ts). Letters of events and of
 * commands are numbered by one sequence, so that a number alone names one. What was written before has no stack and counts no tries.
 */
const RECORDS_OF_FAILURES = [
  `ALTER TABLE dead_letters
     ADD COLUMN event_id text, ADD COLUMN event_type text, ADD COLUMN correlation_id text, ADD COLUMN traceparent text,
     ADD COLUMN error_code text, ADD COLUMN stack text, ADD COLUMN first_failed_at timestamptz, ADD COLUMN attempts integer`,
  `ALTER TABLE parked_keys
     ADD COLUMN error_code text, ADD COLUMN stack text, ADD COLUMN last_failed_at timestamptz, ADD COLUMN attempts integer`,
  `CREATE TABLE dead_commands (
     id bigint PRIMARY KEY DEFAULT nextval('dead_letters_id_seq'),
     queue text NOT NULL,
     command_id text NOT NULL,
     command_key text NOT NULL UNIQUE,
     command_type text,
     headers text NOT NULL,
     payload text NOT NULL,
     correlation_id text,
     traceparent text,
     reason text NOT NULL,
     error_code text,
     stack text,
     attempts integer NOT NULL,
     first_failed_at timestamptz NOT NULL,
     died_at timestamptz NOT NULL,
     redriven_at timestamptz
   )`,
];

export class RecordFailures1700000006000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of RECORDS_OF_FAILURES) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE dead_commands');
    await runner.query('ALTER TABLE parked_keys DROP error_code, DROP stack, DROP last_failed_at, DROP attempts');
    await runner.query(
      'ALTER TABLE dead_letters DROP event_id, DROP event_type, DROP correlation_id, DROP traceparent, DROP error_code, DROP stack, DROP first_failed_at, DROP attempts',
    );
  }
}
