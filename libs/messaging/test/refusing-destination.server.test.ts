/** A topic or a queue that takes nothing holds up none of the others that share its place in the outbox. */
import { connect } from 'amqplib';
import kafkajs from 'kafkajs';
import type { Admin } from 'kafkajs';
import { eventually } from '@roofshot/testing/eventually';
import { testDatabase, type TestDatabase } from '@roofshot/testing/postgres';
import { testServer } from '@roofshot/testing/test-server';
import { openCommandQueue } from '../src/commands/open-command-queue.ts';
import type { CommandQueue, OutgoingCommand } from '../src/commands/queue.ts';
import { DeliveryLab, type Amounts } from '../src/delivery/delivery-lab.ts';
import { kafkaClient } from '../src/events/kafka/kafka-client.ts';
import { startKafkaLab } from '../src/events/kafka/kafka-lab.ts';
import { parseKafkaUrl } from '../src/events/kafka/kafka-url.ts';
import { silent } from '../src/events/log-lab.ts';

const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

describe('a topic that refuses every record', () => {
  let lab: DeliveryLab;
  let admin: Admin;
  beforeAll(async () => {
    const bus = await startKafkaLab();
    lab = await DeliveryLab.start(bus);
    admin = kafkaClient(parseKafkaUrl(bus.url), silent).admin();
    await admin.connect();
  }, 120_000);
  afterAll(async () => {
    await admin.disconnect();
    await lab.close();
  });

  /** Kafka answers INVALID_TIMESTAMP to whatever is older than this. */
  const takeNothingOlderThan = (topic: Amounts, ms: string): Promise<unknown> =>
    admin.alterConfigs({
      validateOnly: false,
      resources: [
        {
          type: kafkajs.ConfigResourceTypes.TOPIC,
          name: topic.name,
          configEntries: [{ name: 'message.timestamp.before.max.ms', value: ms }],
        },
      ],
    });
  const onLog = async (topic: Amounts): Promise<number> => (await lab.records(topic)).length;
  const say = (topic: Amounts, n: number): Promise<void> =>
    lab.add(
      topic,
      count(n).map((i) => [`unit-${i}`, i] as const),
    );

  it('is named, keeps what was said to it, and the records of the others lie on the log once', async () => {
    const topics = await Promise.all(count(12).map(() => lab.newTopic())); // more than there are shards
    const [refusing, ...others] = topics as [Amounts, ...Amounts[]];
    await takeNothingOlderThan(refusing, '0');
    await say(refusing, 600); // more than a batch
    await eventually(() => expect(lab.bus.waitingFor().join()).toContain(`"${refusing.name}" cannot leave`), { deadlineMs: 30_000 });
    for (const topic of topics) await say(topic, 20);
    await eventually(async () => expect(await Promise.all(others.map(onLog))).toEqual(others.map(() => 20)), { deadlineMs: 60_000 });
    for (const topic of others) await say(topic, 10);
    await eventually(async () => expect(await Promise.all(others.map(onLog))).toEqual(others.map(() => 30)), { deadlineMs: 60_000 });

    await takeNothingOlderThan(refusing, '9223372036854775807');
    await eventually(async () => expect(await onLog(refusing)).toBe(620), { deadlineMs: 60_000 });
    await eventually(() => expect(lab.bus.waitingFor()).toEqual([]), { deadlineMs: 15_000 });
    expect(await Promise.all(others.map(onLog))).toEqual(others.map(() => 30));
  }, 240_000);
});

describe('a queue that was deleted in RabbitMQ', () => {
  let db: TestDatabase;
  let url: string;
  let queue: CommandQueue;
  const [good, gone] = [`good.run.${process.pid}`, `gone.run.${process.pid}`];
  beforeAll(async () => {
    [db, url] = await Promise.all([testDatabase(), testServer('rabbitmq')]);
    queue = await openCommandQueue(url, { sql: db.sql, sqlUrl: db.url, log: silent });
    await queue.ensureQueues([good, gone]);
  }, 120_000);
  afterAll(async () => {
    await queue.close();
    await db.drop();
  });

  let ids = 0;
  async function send(to: string, n: number): Promise<void> {
    const commands = count(n).map((): OutgoingCommand => ({
      queue: to,
      id: `${to}-${(ids += 1)}`,

      payload: '{}',
      headers: {},
    }));
    await db.sql.transaction((tx) => queue.sendIn(tx, commands));
    queue.announce([to]);
  }
  async function onBroker(
    work: (channel: Awaited<ReturnType<Awaited<ReturnType<typeof connect>>['createChannel']>>) => Promise<unknown>,
  ): Promise<void> {
    const connection = await connect(url);
    await work(await connection.createChannel());
    await connection.close();
  }

  it('is named, and the commands for the others leave, once each', async () => {
    await send(good, 16);
    await eventually(async () => expect(await queue.depth(good)).toBe(16));
    await onBroker((channel) => channel.deleteQueue(gone));
    await send(gone, 900);
    await send(good, 40);
    await eventually(async () => expect(await queue.depth(good)).toBe(56), { deadlineMs: 60_000 });
    await eventually(() => expect(queue.waitingFor().join()).toContain(`"${gone}" cannot leave`));
    await send(good, 4);
    await eventually(async () => expect(await queue.depth(good)).toBe(60));
    await onBroker((channel) => channel.deleteQueue(good));
  }, 180_000);
});
