import { migrate } from '@roofshot/storage/migrate';
import type { Sql } from '@roofshot/storage/sql';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The schema of the log and the queue; several services and processes share it. */
const SCHEMA = 'messaging';

/** SQLSTATE raised by `append_records` when a partition is not there (any more). */
export const UNKNOWN_PARTITION = 'RF404';

const LOG_TABLES = `
CREATE TABLE messaging.topics (
  topic_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE,
  uuid uuid NOT NULL DEFAULT gen_random_uuid(),
  retention_ms bigint,
  compacted boolean NOT NULL
);
-- Updated by every append: room on the page keeps those updates in place.
CREATE TABLE messaging.partitions (
  topic_id integer NOT NULL REFERENCES messaging.topics ON DELETE CASCADE,
  partition integer NOT NULL,
  next_offset bigint NOT NULL DEFAULT 0,
  start_offset bigint NOT NULL DEFAULT 0,
  compacted_to bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (topic_id, partition)
) WITH (fillfactor = 20);
-- No foreign key: its check for every row would cost a third of the append, and append_records has locked the partition already.
CREATE TABLE messaging.records (
  topic_id integer NOT NULL,
  partition integer NOT NULL,
  "offset" bigint NOT NULL,
  key text NOT NULL,
  headers text NOT NULL,
  value text NOT NULL,
  appended_at timestamptz NOT NULL,
  PRIMARY KEY (topic_id, partition, "offset")
);
-- What outboxes of other databases have brought, so that a repetition after a crash is left out.
CREATE TABLE messaging.carried (
  message_id text PRIMARY KEY,
  carried_at timestamptz NOT NULL
);
CREATE INDEX carried_at ON messaging.carried (carried_at);
CREATE UNLOGGED TABLE messaging.members (
  group_name text NOT NULL,
  member uuid NOT NULL,
  topics text[] NOT NULL,
  prefix text,
  seen_at timestamptz NOT NULL,
  pid integer NOT NULL,
  backend_started_at text NOT NULL,
  PRIMARY KEY (group_name, member)
);`;

/**
 * Appends a batch to many partitions in one round trip. The first three arrays name the partitions, sorted, with their number of
 * records; the others hold the records: slot (index into the first arrays), rank within the slot, key, headers, value.
 * Each partition's row stays locked until the caller commits: that makes offsets gapless and commit order offset order.
 */
const APPEND_RECORDS = `
CREATE FUNCTION messaging.append_records(
  topic_ids integer[], partition_numbers integer[], counts integer[],
  slots integer[], ranks integer[], keys text[], headers text[], contents text[]
) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
  firsts bigint[] := '{}';
  first_offset bigint;
  now_appended timestamptz;
BEGIN
  FOR i IN 1 .. cardinality(topic_ids) LOOP
    UPDATE messaging.partitions SET next_offset = next_offset + counts[i]
      WHERE topic_id = topic_ids[i] AND partition = partition_numbers[i]
      RETURNING next_offset - counts[i] INTO first_offset;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'partition % of topic % does not exist', partition_numbers[i], topic_ids[i] USING ERRCODE = '${UNKNOWN_PARTITION}';
    END IF;
    firsts := firsts || first_offset;
  END LOOP;
  now_appended := clock_timestamp();
  INSERT INTO messaging.records (topic_id, partition, "offset", key, headers, value, appended_at)
    SELECT topic_ids[slot], partition_numbers[slot], firsts[slot] + rank, r.key, r.header, r.content, now_appended
    FROM unnest(slots, ranks, keys, headers, contents) AS r(slot, rank, key, header, content);
  RETURN firsts;
END $$;`;

const QUEUE_TABLES = `
CREATE TABLE messaging.queues (name text PRIMARY KEY);
-- available_at of a running command is the end of its lease: when it passes, the command is taken again.
CREATE TABLE messaging.commands (
  queue text NOT NULL,
  id text NOT NULL,
  payload text NOT NULL,
  headers text NOT NULL,
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done', 'dead')),
  available_at timestamptz NOT NULL,
  attempts integer NOT NULL DEFAULT 0,
  lease uuid,
  reason text,
  settled_at timestamptz,
  PRIMARY KEY (queue, id)
);
CREATE INDEX commands_open ON messaging.commands (queue, available_at) WHERE state = 'open';
CREATE INDEX commands_settled ON messaging.commands (state, settled_at) WHERE state <> 'open';`;

class CreateLog1795200000001 implements MigrationInterface {
  name = 'CreateLog1795200000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(LOG_TABLES);
    await runner.query(APPEND_RECORDS);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION messaging.append_records');
    await runner.query('DROP TABLE messaging.members, messaging.carried, messaging.records, messaging.partitions, messaging.topics');
  }
}

class CreateQueue1795200000002 implements MigrationInterface {
  name = 'CreateQueue1795200000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(QUEUE_TABLES);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE messaging.commands, messaging.queues');
  }
}

/** See agreeOnPort. */
class CreateAgreedPorts1795200000003 implements MigrationInterface {
  name = 'CreateAgreedPorts1795200000003';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE messaging.agreed_ports (
        port text PRIMARY KEY,
        mark text NOT NULL,
        name text NOT NULL,
        said_by text NOT NULL,
        agreed_at timestamptz NOT NULL
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE messaging.agreed_ports');
  }
}

class RecordFirstFailures1795200000004 implements MigrationInterface {
  name = 'RecordFirstFailures1795200000004';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE messaging.commands ADD COLUMN first_failed_at timestamptz');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE messaging.commands DROP COLUMN first_failed_at');
  }
}

/** Creates the tables of the log and the queue where they are missing; one list, so that both can share a database in any order of starting. */
export async function prepareMessagingSchema(sql: Sql): Promise<void> {
  await migrate(sql, SCHEMA, [
    CreateLog1795200000001,
    CreateQueue1795200000002,
    CreateAgreedPorts1795200000003,
    RecordFirstFailures1795200000004,
  ]);
}
