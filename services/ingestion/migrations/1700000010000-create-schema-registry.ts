import type { MigrationInterface, QueryRunner } from 'typeorm';

const STATEMENTS = [
  // Rows are never deleted: an id that was given stays with its schema.
  `CREATE TABLE registry_schemas (
     id int PRIMARY KEY,
     type text NOT NULL CHECK (type IN ('JSON', 'AVRO')),
     text text NOT NULL,
     refs json NOT NULL,
     fingerprint bytea NOT NULL UNIQUE
   )`,
  `CREATE TABLE registry_versions (
     subject text NOT NULL,
     version int NOT NULL,
     schema_id int NOT NULL REFERENCES registry_schemas,
     deleted boolean NOT NULL DEFAULT false,
     PRIMARY KEY (subject, version)
   )`,
  `CREATE INDEX registry_versions_by_schema ON registry_versions (schema_id)`,
  // The empty subject: all that have no settings of their own.
  `CREATE TABLE registry_settings (subject text PRIMARY KEY, compatibility text, mode text)`,
];

export class CreateSchemaRegistry1700000010000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['registry_settings', 'registry_versions', 'registry_schemas']) await runner.query(`DROP TABLE ${table}`);
  }
}
