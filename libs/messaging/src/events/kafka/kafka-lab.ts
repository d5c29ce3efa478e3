import kafkajs, { type Admin } from 'kafkajs';
import { eventually } from '@roofshot/testing/eventually';
import { testDatabase } from '@roofshot/testing/postgres';
import { testServer } from '@roofshot/testing/test-server';
import type { EventBus } from '../bus.ts';
import { recordOf, silent, type BusLab } from '../log-lab.ts';
import { OutboxBus } from '../outbox-bus.ts';
import { kafkaClient } from './kafka-client.ts';
import { KafkaConnection } from './kafka-connection.ts';
import { KafkaLog } from './kafka-log.ts';
import { parseKafkaUrl } from './kafka-url.ts';

/** A real Kafka; its topics stay until the server ends, so every test has names of its own. */
export async function startKafkaLab(): Promise<BusLab> {
  const services = await testDatabase();
  const url = `${await testServer('kafka')}?partitions=2`;
  const kafka = kafkaClient(parseKafkaUrl(url), silent);
  const admin = kafka.admin();
  await admin.connect();
  const buses: EventBus[] = [];
  const open = async (): Promise<EventBus> => {
    const kafka = await KafkaLog.open(await KafkaConnection.open(url, silent), { sql: services.sql, log: silent });
    const bus = await OutboxBus.open(kafka, services.sql, silent);
    buses.push(bus);
    return bus;
  };
  return {
    url,
    sharesDatabase: false,
    open,
    sql: services.sql,
    expire: async (topic) => {
      const partitions = await admin.fetchTopicOffsets(topic);
      await admin.deleteTopicRecords({ topic, partitions: partitions.map(({ partition, high }) => ({ partition, offset: high })) });
    },
    compact: async (topic) => compact(admin, await open(), topic),
    close: async () => {
      await Promise.all(buses.map((bus) => bus.close()));
      await admin.disconnect();
      await services.drop();
    },
  };
}

/** Compaction spares the segment that is written to: a further record begins another one. */
async function compact(admin: Admin, bus: EventBus, topic: string): Promise<void> {
  const held = async (): Promise<number> => {
    const parts = await Promise.all((await bus.bounds(topic)).map((bounds) => bus.readFrom(bounds, bounds.start, 100_000)));
    return parts.flat().length;
  };
  const before = await held();
  const fast = { 'segment.ms': '50', 'min.cleanable.dirty.ratio': '0.001', 'max.compaction.lag.ms': '50', 'delete.retention.ms': '50' };
  const configEntries = Object.entries(fast).map(([name, value]) => ({ name, value }));
  await admin.alterConfigs({
    validateOnly: false,
    resources: [
      {
        type: kafkajs.ConfigResourceTypes.TOPIC,
        name: topic,
        configEntries: [...configEntries, { name: 'cleanup.policy', value: 'compact' }],
      },
    ],
  });
  await eventually(
    async () => {
      for (const { partition } of await bus.bounds(topic)) await bus.publish([{ ...recordOf(topic, 'filler', null), partition }]);
      return (await held()) < before;
    },
    { deadlineMs: 60_000 },
  );
}
