import type { MigrationInterface, QueryRunner } from 'typeorm';

const STATEMENTS = [
  `CREATE TABLE snapshots (
     snapshot_id text PRIMARY KEY,
     fingerprint text NOT NULL,
     attempt int NOT NULL,
     state text NOT NULL CHECK (state IN ('building', 'built', 'failed')),
     built json,
     reason text,
     UNIQUE (fingerprint, attempt)
   )`,
  // The job's spec is kept with the run: a change of the job changes no run that has begun.
  `CREATE TABLE runs (
     run_id text PRIMARY KEY,
     job text NOT NULL,
     job_generation int NOT NULL,
     model text NOT NULL,
     spec json NOT NULL,
     range_from timestamptz NOT NULL,
     range_to timestamptz NOT NULL,
     as_of timestamptz NOT NULL,
     reason text NOT NULL,
     requested_by text NOT NULL,
     snapshot_id text NOT NULL REFERENCES snapshots,
     state text NOT NULL CHECK (state IN ('waiting-for-snapshot', 'queued', 'running', 'finished', 'failed', 'cancelled')),
     because text NOT NULL DEFAULT '',
     best int,
     metrics json NOT NULL DEFAULT '{}',
     artifact text,
     parallel int NOT NULL,
     threads int NOT NULL,
     max_restarts int NOT NULL,
     timeout_ms bigint NOT NULL,
     correlationid text NOT NULL,
     traceparent text NOT NULL,
     created_at timestamptz NOT NULL,
     started_at timestamptz,
     deadline timestamptz,
     ended_at timestamptz
   )`,
  `CREATE INDEX runs_by_snapshot ON runs (snapshot_id) WHERE state = 'waiting-for-snapshot'`,
  `CREATE INDEX runs_newest ON runs (created_at DESC)`,
  `CREATE TABLE trials (
     run_id text NOT NULL REFERENCES runs,
     number int NOT NULL,
     kind text NOT NULL CHECK (kind IN ('validation', 'final')),
     params json NOT NULL,
     state text NOT NULL CHECK (state IN ('queued', 'running', 'finished', 'failed', 'cancelled')),
     epoch int NOT NULL DEFAULT 0,
     restarts int NOT NULL DEFAULT 0,
     lease_until timestamptz,
     metrics json NOT NULL DEFAULT '{}',
     trained json,
     seconds double precision NOT NULL DEFAULT 0,
     error text,
     logs text[] NOT NULL DEFAULT '{}',
     started_at timestamptz,
     PRIMARY KEY (run_id, number)
   )`,
  `CREATE INDEX trials_open ON trials (run_id, number) WHERE state IN ('queued', 'running')`,
  `CREATE TABLE trial_metrics (
     run_id text NOT NULL,
     number int NOT NULL,
     epoch int NOT NULL,
     position int NOT NULL,
     name text NOT NULL,
     value double precision NOT NULL,
     step bigint,
     PRIMARY KEY (run_id, number, epoch, position)
   )`,
];

export class CreateTraining1700000003000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['trial_metrics', 'trials', 'runs', 'snapshots']) await runner.query(`DROP TABLE ${table}`);
  }
}
