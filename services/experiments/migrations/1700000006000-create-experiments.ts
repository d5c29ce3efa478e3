import type { MigrationInterface, QueryRunner } from 'typeorm';

const STATEMENTS = [
  // What serving and the registry have said: what an endpoint consists of, and what its aliases name.
  `CREATE TABLE deployments (name text PRIMARY KEY, generation int NOT NULL, deleted boolean NOT NULL, spec jsonb NOT NULL)`,
  `CREATE TABLE aliases (
     model text NOT NULL,
     alias text NOT NULL,
     version int,
     revision int NOT NULL,
     PRIMARY KEY (model, alias)
   )`,
  // What facts are joined for. Small: one row per phase and per probation, few of them open.
  `CREATE TABLE scopes (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, open boolean NOT NULL DEFAULT true, spec jsonb NOT NULL)`,
  `CREATE INDEX scopes_open ON scopes (id) WHERE open`,
  // json, not jsonb: the text is compared with what would be written.
  `CREATE TABLE units (
     scope bigint NOT NULL REFERENCES scopes,
     unit text COLLATE "C" NOT NULL,
     state json,
     last_at bigint NOT NULL DEFAULT 0,
     exposed boolean NOT NULL DEFAULT false,
     PRIMARY KEY (scope, unit)
   ) WITH (fillfactor = 70)`,
  `CREATE INDEX units_unmatched ON units (scope, last_at) WHERE NOT exposed`,
  `CREATE TABLE sums (
     scope bigint NOT NULL,
     series text COLLATE "C" NOT NULL,
     tile bigint NOT NULL,
     shard text COLLATE "C" NOT NULL,
     n numeric NOT NULL,
     y numeric NOT NULL,
     yy numeric NOT NULL,
     xn numeric NOT NULL,
     yx numeric NOT NULL,
     x numeric NOT NULL,
     xx numeric NOT NULL,
     xy numeric NOT NULL,
     PRIMARY KEY (scope, series, tile, shard)
   ) WITH (fillfactor = 50)`,
  // Event time, epoch milliseconds, before which all of a task is folded. subject: the deployment, for predictions.
  `CREATE TABLE event_times (
     topic text NOT NULL,
     partition int NOT NULL,
     subject text NOT NULL,
     reached bigint NOT NULL,
     PRIMARY KEY (topic, partition, subject)
   )`,
  `CREATE TABLE phases (
     experiment text NOT NULL,
     phase int NOT NULL,
     scope bigint NOT NULL REFERENCES scopes,
     deployment text NOT NULL,
     state text NOT NULL CHECK (state IN ('running', 'decided', 'stopped')),
     config_version int NOT NULL,
     started_at bigint NOT NULL,
     ends_at bigint NOT NULL,
     frozen jsonb NOT NULL,
     -- Of frozen, what every batch asks for: whether a promotion begins a probation, and which events are its outcomes.
     guarded boolean NOT NULL,
     outcome_types text[] NOT NULL,
     published_until bigint,
     decision jsonb,
     promotion text,
     promotion_detail text,
     PRIMARY KEY (experiment, phase)
   )`,
  `CREATE INDEX phases_by_deployment ON phases (deployment, scope DESC)`,
  `CREATE UNIQUE INDEX phases_one_running ON phases (deployment) WHERE state = 'running'`,
  `CREATE UNIQUE INDEX phases_one_running_each ON phases (experiment) WHERE state = 'running'`,
  `CREATE TABLE probations (
     scope bigint PRIMARY KEY REFERENCES scopes,
     experiment text NOT NULL,
     deployment text NOT NULL,
     state text NOT NULL CHECK (state IN ('open', 'breached', 'superseded', 'rolled-back')),
     frozen jsonb NOT NULL,
     looked jsonb NOT NULL,
     breach jsonb
   )`,
  `CREATE UNIQUE INDEX probations_one_open ON probations (deployment) WHERE state = 'open'`,
  `CREATE INDEX probations_by_experiment ON probations (experiment, scope)`,
];

export class CreateExperiments1700000006000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['probations', 'phases', 'event_times', 'sums', 'units', 'scopes', 'aliases', 'deployments'])
      await runner.query(`DROP TABLE ${table}`);
  }
}
