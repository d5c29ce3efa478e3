import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * How far each view has folded each partition of its source. `next_offset` and `progress` move in the same transaction as the
 * view's series; `settled` follows when the online store was asked to take the rows, `online` when it has taken them
 * (all three: epoch milliseconds of event time; `online_offset`: the position that belongs to `online`). Every batch updates these rows: room on the page keeps that cheap.
 */
const VIEW_POSITIONS = `
CREATE TABLE view_positions (
  view text NOT NULL,
  topic text NOT NULL,
  partition integer NOT NULL,
  next_offset bigint NOT NULL,
  progress bigint,
  settled bigint,
  online bigint,
  online_offset bigint NOT NULL,
  online_at timestamptz,
  PRIMARY KEY (view, topic, partition)
) WITH (fillfactor = 30)`;

/**
 * One packed tile series per view, entity and shard. Entities have one row (shard 0) that all tasks share; the entity
 * "everything" has one per task, because every event would wait for the same row. Already compact: compressing costs more than it saves.
 */
const SERIES = `
CREATE TABLE series (
  view text NOT NULL,
  entity text NOT NULL,
  shard integer NOT NULL,
  version bigint NOT NULL,
  tiles text NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (view, entity, shard)
) WITH (fillfactor = 60);
ALTER TABLE series ALTER COLUMN tiles SET STORAGE EXTERNAL`;

/** Training snapshots, asked for and built. A worker holds one under a lease; its token fences it when another takes over. */
const SNAPSHOTS = `
CREATE TABLE snapshots (
  id text PRIMARY KEY,
  request json NOT NULL,
  state text NOT NULL CHECK (state IN ('waiting', 'building', 'built', 'failed')),
  attempts integer NOT NULL DEFAULT 0,
  lease_token uuid,
  lease_until timestamptz,
  result json,
  reason text,
  correlationid text,
  traceparent text,
  requested_at timestamptz NOT NULL,
  finished_at timestamptz
)`;

export class CreateFeatureState1763700000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [VIEW_POSITIONS, SERIES, SNAPSHOTS]) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE snapshots, series, view_positions');
  }
}
