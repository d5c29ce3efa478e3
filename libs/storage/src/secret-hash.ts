/** Keyed hashes: equal texts stay comparable within one schema of one database, and nobody without its secret can look one up. */
import { createHmac, randomBytes } from 'node:crypto';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { schemaName } from './schema-name.ts';
import type { Queryable } from './sql.ts';

const SECRET_BYTES = 32;

/** One row: the secret, drawn once and never changed. */
export class CreateHashSecret1700000000101 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE hash_secret (one_row boolean PRIMARY KEY DEFAULT true CHECK (one_row), secret bytea NOT NULL)');
    await runner.query('INSERT INTO hash_secret (secret) VALUES ($1)', [randomBytes(SECRET_BYTES)]);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE hash_secret');
  }
}

/** HMAC-SHA-256 of a text. */
export type SecretHash = (text: string) => Buffer;

/** `schema`: one with the secret's table. */
export async function openSecretHash(db: Queryable, schema: string): Promise<SecretHash> {
  const table = `${schemaName(schema)}.hash_secret`;
  const [row] = await db.query<{ secret: Buffer }>(`SELECT secret FROM ${table}`);
  if (row === undefined)
    throw new Error(
      `${table} has lost its secret: restore the table from a backup. With another one nothing that was hashed could be compared.`,
    );
  const { secret } = row;
  return (text) => createHmac('sha256', secret).update(text).digest();
}
