import type { MigrationInterface, QueryRunner } from 'typeorm';

const STATEMENTS = [
  // How far each spool has been published: moved in the transaction that publishes.
  `CREATE TABLE spools (
     spool text PRIMARY KEY,
     segment bigint NOT NULL,
     position bigint NOT NULL,
     moved_at timestamptz NOT NULL DEFAULT now()
   )`,
  // The last switch that was said for each alias of a deployment, so that each is said once, whatever the number of processes.
  `CREATE TABLE switches (
     deployment text NOT NULL,
     alias text NOT NULL,
     model text NOT NULL,
     version bigint,
     alias_revision bigint NOT NULL,
     PRIMARY KEY (deployment, alias, model)
   )`,
];

export class CreateServing1700000006000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE switches');
    await runner.query('DROP TABLE spools');
  }
}
