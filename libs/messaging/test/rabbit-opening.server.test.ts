import { connect } from 'amqplib';
import { testDatabase, type TestDatabase } from '@roofshot/testing/postgres';
import { testServer } from '@roofshot/testing/test-server';
import { openCommandQueue } from '../src/commands/open-command-queue.ts';
import { freshQueue } from '../src/commands/queue-lab.ts';
import { silent } from '../src/events/log-lab.ts';

describe('a RabbitMQ', () => {
  let url: string;
  let services: TestDatabase;
  beforeAll(async () => {
    [url, services] = await Promise.all([testServer('rabbitmq'), testDatabase()]);
  }, 180_000);
  afterAll(() => services.drop());

  it('says what is wrong and what to do when it cannot be used', async () => {
    const { host, password } = new URL(url);
    const opening = (address: string): Promise<unknown> =>
      openCommandQueue(address, { sql: services.sql, sqlUrl: services.url, log: silent });
    await expect(opening('amqp://127.0.0.1:9')).rejects.toThrow(
      /No RabbitMQ answers at 127.0.0.1:9 \(COMMANDS_URL\): .*Start it, or correct/,
    );
    await expect(opening(`amqp://roofshot:wrong@${host}`)).rejects.toThrow(
      `RabbitMQ at ${host} refuses the user "roofshot" or its password`,
    );
    await expect(opening(`amqp://roofshot:${password}@${host}/nowhere`)).rejects.toThrow(
      /the virtual host "nowhere".*rabbitmqctl add_vhost/,
    );
    await expect(opening(`amqps://roofshot:${password}@${host}`)).rejects.toThrow('amqps:// is for a TLS port');
    await expect(opening(services.url.replace(/^postgres/, 'amqp'))).rejects.toThrow('COMMANDS_URL');
    const byHand = freshQueue();
    const model = await connect(url);
    await (await model.createChannel()).assertQueue(byHand, { durable: true });
    await model.close();
    const queue = await openCommandQueue(url, { sql: services.sql, sqlUrl: services.url, log: silent });
    await expect(queue.ensureQueues([byHand])).rejects.toThrow(/refuses the queue ".*".*let it run empty and delete it/);
    await queue.close();
  }, 60_000);
});
