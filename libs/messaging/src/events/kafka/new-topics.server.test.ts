/** Services that start together on an empty Kafka make the same topics at the same moment, and read them before every broker knows its part. */
import { testDatabase, type TestDatabase } from '@roofshot/testing/postgres';
import { testServer } from '@roofshot/testing/test-server';
import { freshTopic, silent, specOf } from '../log-lab.ts';
import { KafkaConnection } from './kafka-connection.ts';
import { KafkaLog } from './kafka-log.ts';

const SERVICES = 8;
const TOPICS = 15;
const PARTITIONS = 6;

describe('topics of Kafka that several processes make at once', () => {
  let services: TestDatabase;
  let logs: KafkaLog[];
  beforeAll(async () => {
    services = await testDatabase();
    const url = `${await testServer('kafka')}?partitions=${PARTITIONS}`;
    const open = async (): Promise<KafkaLog> => KafkaLog.open(await KafkaConnection.open(url, silent), { sql: services.sql, log: silent });
    logs = await Promise.all(Array.from({ length: SERVICES }, open));
  }, 120_000);
  afterAll(async () => {
    await Promise.all(logs.map((log) => log.close()));
    await services.drop();
  });

  it('are there for each of them, whole, as soon as it has ensured them', async () => {
    const topics = Array.from({ length: TOPICS }, () => freshTopic());
    const found = await Promise.allSettled(
      logs.map(async (log) => {
        await log.ensureTopics(topics.map((topic) => specOf(topic)));
        const bounds: number[] = [];
        for (const topic of topics) bounds.push((await log.bounds(topic)).length);
        return bounds;
      }),
    );
    const whole = { status: 'fulfilled', value: topics.map(() => PARTITIONS) };
    expect(found).toEqual(logs.map(() => whole));
  }, 60_000);
});
