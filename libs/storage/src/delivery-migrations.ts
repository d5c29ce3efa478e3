import type { MigrationInterface, QueryRunner } from 'typeorm';
import { RecordFailures1700000006000 } from './dead-letter-migrations.ts';
import type { MigrationClass } from './migrate.ts';

/** Where each task of a consumer group stands, and who may move it (checkpoint.ts). Updated with every batch: room on the page keeps that cheap. */
const CHECKPOINTS = `
CREATE TABLE checkpoints (
  consumer_group text NOT NULL,
  topic text NOT NULL,
  partition integer NOT NULL,
  topic_id text NOT NULL,
  epoch bigint NOT NULL,
  next_offset bigint NOT NULL,
  progress timestamptz,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (consumer_group, topic, partition)
) WITH (fillfactor = 30)`;

/** Messages that were handled (inbox.ts). */
const INBOX = `
CREATE TABLE inbox (
  consumer text NOT NULL,
  message_id text NOT NULL,
  received_at timestamptz NOT NULL,
  PRIMARY KEY (consumer, message_id)
);
CREATE INDEX inbox_received_at ON inbox (received_at)`;

/** Keys whose messages wait because one of them could not be handled, and those messages in their order (parking.ts). */
const PARKING = `
CREATE TABLE parked_keys (
  consumer_group text NOT NULL,
  topic text NOT NULL,
  key text NOT NULL,
  reason text NOT NULL,
  parked_at timestamptz NOT NULL,
  PRIMARY KEY (consumer_group, topic, key)
);
CREATE INDEX parked_keys_parked_at ON parked_keys (consumer_group, topic, parked_at);
CREATE TABLE parked_messages (
  id bigserial PRIMARY KEY,
  consumer_group text NOT NULL,
  topic text NOT NULL,
  key text NOT NULL,
  partition integer NOT NULL,
  "offset" bigint NOT NULL,
  message text NOT NULL,
  parked_at timestamptz NOT NULL,
  UNIQUE (consumer_group, topic, partition, "offset"),
  FOREIGN KEY (consumer_group, topic, key) REFERENCES parked_keys
);
CREATE INDEX parked_messages_of_key ON parked_messages (consumer_group, topic, key, id)`;

/** Messages that a committed transaction said and that still have to leave (outbox.ts, outbox-relay.ts). */
const OUTBOX = `
CREATE TABLE outbox (
  id bigserial PRIMARY KEY,
  shard integer NOT NULL,
  kind text NOT NULL CHECK (kind IN ('event', 'command')),
  message_id text NOT NULL,
  payload text NOT NULL,
  created_at timestamptz NOT NULL
);
CREATE INDEX outbox_of_shard ON outbox (shard, id)`;

class CreateDeliveryTables1700000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [CHECKPOINTS, INBOX, PARKING, OUTBOX]) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE outbox, parked_messages, parked_keys, inbox, checkpoints');
  }
}

/** Messages that no further try can help (dead-letters.ts). */
const DEAD_LETTERS = `
CREATE TABLE dead_letters (
  id bigserial PRIMARY KEY,
  consumer_group text NOT NULL,
  topic text NOT NULL,
  partition integer NOT NULL,
  "offset" bigint NOT NULL,
  key text NOT NULL,
  message text NOT NULL,
  reason text NOT NULL,
  died_at timestamptz NOT NULL,
  UNIQUE (consumer_group, topic, partition, "offset")
)`;

class CreateDeadLetters1700000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(DEAD_LETTERS);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE dead_letters');
  }
}

/**
 * The order in which an outbox sends, drawn when a message is about to leave and kept while it may have to leave again (outbox-relay.ts);
 * and how far a reader has come in what outboxes send (carried-marks.ts).
 */
const SENDING_ORDER = `
ALTER TABLE outbox ADD COLUMN sequence bigint;
CREATE SEQUENCE outbox_sequence OWNED BY outbox.sequence;
CREATE INDEX outbox_to_send ON outbox (shard, sequence);
CREATE TABLE carried_marks (
  consumer_group text NOT NULL,
  topic text NOT NULL,
  partition integer NOT NULL,
  origin text NOT NULL,
  sequence bigint NOT NULL,
  "offset" bigint NOT NULL,
  PRIMARY KEY (consumer_group, topic, partition, origin)
) WITH (fillfactor = 50)`;

class AddSendingOrder1700000000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(SENDING_ORDER);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE carried_marks');
    await runner.query('ALTER TABLE outbox DROP COLUMN sequence');
  }
}

/** Messages that could never leave the outbox and held up the others (outbox-relay.ts); `send_set_aside()` sends them again. */
const SET_ASIDE = `
CREATE TABLE outbox_set_aside (
  id bigint PRIMARY KEY,
  shard integer NOT NULL,
  kind text NOT NULL,
  message_id text NOT NULL,
  payload text NOT NULL,
  created_at timestamptz NOT NULL,
  reason text NOT NULL,
  set_aside_at timestamptz NOT NULL
);`;

const SEND_SET_ASIDE = `
CREATE FUNCTION send_set_aside() RETURNS bigint LANGUAGE sql SET search_path FROM CURRENT AS $$
  WITH back AS (DELETE FROM outbox_set_aside RETURNING *),
  sent AS (
    INSERT INTO outbox (shard, kind, message_id, payload, created_at)
    SELECT shard, kind, message_id, payload, created_at FROM back ORDER BY id RETURNING 1
  )
  SELECT count(*) FROM sent
$$`;

class AddSetAside1700000000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(SET_ASIDE);
    await runner.query(SEND_SET_ASIDE);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION send_set_aside()');
    await runner.query('DROP TABLE outbox_set_aside');
  }
}

/**
 * The last number that each stream of an outbox has drawn. A sequence of PostgreSQL goes back when the database is restored from a
 * backup, and readers would take what is said from then on for what they know; these are drawn from the clock (outbox-relay.ts).
 */
const NUMBERS_OF_THE_CLOCK = `
CREATE TABLE outbox_streams (
  shard integer PRIMARY KEY,
  last_sequence bigint NOT NULL
) WITH (fillfactor = 30)`;

/** The sequence stays for processes of the version before, which may run beside this one. */
class DrawNumbersFromTheClock1700000000004 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(NUMBERS_OF_THE_CLOCK);
  }

  /** Readers have come as far as the clock: the sequence goes on from there. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`SELECT setval('outbox_sequence', max(last_sequence)) FROM outbox_streams HAVING count(*) > 0`);
    await runner.query('DROP TABLE outbox_streams');
  }
}

/** Where a message is to go: what cannot go to one place must not hold up what goes to others (outbox-relay.ts). Empty: of a version before. */
const DESTINATIONS = [
  `ALTER TABLE outbox ADD COLUMN destination text NOT NULL DEFAULT ''`,
  `ALTER TABLE outbox_set_aside ADD COLUMN destination text NOT NULL DEFAULT ''`,
  `CREATE OR REPLACE FUNCTION send_set_aside() RETURNS bigint LANGUAGE sql SET search_path FROM CURRENT AS $$
     WITH back AS (DELETE FROM outbox_set_aside RETURNING *),
     sent AS (
       INSERT INTO outbox (shard, destination, kind, message_id, payload, created_at)
       SELECT shard, destination, kind, message_id, payload, created_at FROM back ORDER BY id RETURNING 1
     )
     SELECT count(*) FROM sent
   $$`,
];

class AddDestinations1700000000005 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of DESTINATIONS) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(SEND_SET_ASIDE.replace('CREATE FUNCTION', 'CREATE OR REPLACE FUNCTION'));
    await runner.query('ALTER TABLE outbox DROP COLUMN destination');
    await runner.query('ALTER TABLE outbox_set_aside DROP COLUMN destination');
  }
}

/** Messages that one transaction says to one place lie in one row (outbox.ts). */
class AddPacks1700000000006 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE outbox ADD COLUMN size integer NOT NULL DEFAULT 1');
  }

  async down(runner: QueryRunner): Promise<void> {
    const [packs] = (await runner.query('SELECT FROM outbox WHERE size > 1 LIMIT 1')) as unknown[];
    if (packs !== undefined)
      throw new Error('Messages wait in an outbox in packs, which the version before cannot read: let them leave first.');
    await runner.query('ALTER TABLE outbox DROP COLUMN size');
  }
}

/** What exactly-once delivery keeps in every service's schema. Put these before the service's own migrations. */
export const deliveryMigrations: readonly MigrationClass[] = [
  CreateDeliveryTables1700000000000,
  CreateDeadLetters1700000000001,
  AddSendingOrder1700000000002,
  AddSetAside1700000000003,
  DrawNumbersFromTheClock1700000000004,
  AddDestinations1700000000005,
  AddPacks1700000000006,
  RecordFailures1700000006000,
];
