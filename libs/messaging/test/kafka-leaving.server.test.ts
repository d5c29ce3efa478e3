/** What an outbox cannot bring to Kafka, now or ever, holds up nothing else. */
import kafkajs, { type Admin } from 'kafkajs';
import { eventually } from '@roofshot/testing/eventually';
import { testDatabase, type TestDatabase } from '@roofshot/testing/postgres';
import { testServer } from '@roofshot/testing/test-server';
import type { OutgoingRecord } from '../src/events/bus.ts';
import { kafkaClient } from '../src/events/kafka/kafka-client.ts';
import { KafkaConnection } from '../src/events/kafka/kafka-connection.ts';
import { KafkaLog } from '../src/events/kafka/kafka-log.ts';
import { parseKafkaUrl } from '../src/events/kafka/kafka-url.ts';
import { freshTopic, recordOf, silent, specOf } from '../src/events/log-lab.ts';
import { OutboxBus } from '../src/events/outbox-bus.ts';

describe('messages of an outbox before Kafka', () => {
  let services: TestDatabase;
  let admin: Admin;
  let bus: OutboxBus;
  beforeEach(async () => {
    services = await testDatabase();
    const url = `${await testServer('kafka')}?partitions=1`;
    admin = kafkaClient(parseKafkaUrl(url), silent).admin();
    await admin.connect();
    const kafka = await KafkaLog.open(await KafkaConnection.open(url, silent), { sql: services.sql, log: silent });
    bus = await OutboxBus.open(kafka, services.sql, silent, { missingMs: 500 });
  }, 180_000);
  afterEach(async () => {
    await bus.close();
    await admin.disconnect();
    await services.drop();
  });

  const newTopic = async (): Promise<string> => {
    const name = freshTopic();
    await bus.ensureTopics([specOf(name)]);
    return name;
  };
  const say = async (records: readonly OutgoingRecord[]): Promise<void> => {
    await services.sql.transaction((tx) => bus.publishIn(tx, records));
    bus.announce();
  };
  const valuesOn = async (topic: string): Promise<unknown[]> => {
    const parts = await Promise.all((await bus.bounds(topic)).map((bounds) => bus.readFrom(bounds, bounds.start, 1_000)));
    return parts.flat().map(({ value }) => JSON.parse(value) as unknown);
  };
  const letTake = (name: string, bytes: number): Promise<unknown> =>
    admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name, configEntries: [{ name: 'max.message.bytes', value: String(bytes) }] }],
    });

  it('are refused in their transaction when they are larger than the topic takes', async () => {
    const topic = await newTopic();
    const large = recordOf(topic, 'k', 'x'.repeat(1_100_000));
    await expect(say([recordOf(topic, 'k', 1), large])).rejects.toThrow(/is too large: about 11\d{5} bytes, the topic takes 1047\d{3}\./);
    await expect(say([recordOf(topic, 'a\0b', 1)])).rejects.toThrow('U+0000');
    await say([recordOf(topic, 'k', 2)]);
    await eventually(async () => expect(await valuesOn(topic)).toEqual([2]));
  });

  it('are set aside, and told, when the topic takes less by now, and the others leave', async () => {
    const topic = await newTopic();
    const large = 'x'.repeat(400_000);
    await say([recordOf(topic, 'k', 1)]);
    await letTake(topic, 300_000);
    await say([recordOf(topic, 'k', large), recordOf(topic, 'k', 2)]);
    await eventually(async () => expect(await valuesOn(topic)).toEqual([1, 2]), { deadlineMs: 60_000 });
    await eventually(() =>
      expect(bus.setAside()).toEqual([expect.stringMatching(/^1 message could not leave .* is too large: about 400/)]),
    );
    await letTake(topic, 1_000_000);
    const sendAgain = async (): Promise<void> => {
      await services.sql.query('SELECT outbox_events.send_set_aside()');
      expect(await valuesOn(topic)).toEqual([1, 2, large]);
    };
    await eventually(sendAgain, { deadlineMs: 60_000 });
    await eventually(() => expect(bus.setAside()).toEqual([]));
  }, 180_000);

  it('are set aside when their topic was deleted, and the others of their shard leave', async () => {
    const [gone, stays] = [await newTopic(), await newTopic()];
    await say([recordOf(stays, 'k', 1), recordOf(gone, 'k', 1)]);
    await eventually(async () => expect(await valuesOn(gone)).toEqual([1]));
    await admin.deleteTopics({ topics: [gone] });
    await services.sql.transaction(async (tx) => {
      await bus.publishIn(tx, [recordOf(gone, 'k', 2), recordOf(stays, 'k', 2)]);
      await tx.query('UPDATE outbox_events.outbox SET shard = 0'); // shards are held up one by one
    });
    bus.announce();
    await eventually(async () => expect(await valuesOn(stays)).toEqual([1, 2]), { deadlineMs: 90_000 });
    const toldOfGone = [expect.stringContaining(`There is no topic "${gone}"`)];
    await eventually(() => expect(bus.setAside()).toEqual(toldOfGone), { deadlineMs: 90_000 }); // kafkajs tries for half a minute
    await expect(say([recordOf(gone, 'k', 3)])).rejects.toThrow(`no topic "${gone}"`);
  }, 180_000);
});
