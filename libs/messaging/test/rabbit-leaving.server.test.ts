/** A command that is larger than RabbitMQ takes holds up nothing else. */
import { eventually } from '@roofshot/testing/eventually';
import { testDatabase, type TestDatabase } from '@roofshot/testing/postgres';
import { startServer } from '@roofshot/testing/start-server';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import { OutboxQueue } from '../src/commands/outbox-queue.ts';
import { commandOf, MemoryConsumer } from '../src/commands/queue-lab.ts';
import type { OutgoingCommand } from '../src/commands/queue.ts';
import { RabbitQueue } from '../src/commands/rabbit/rabbit-queue.ts';
import { silent } from '../src/events/log-lab.ts';

const QUEUE = 'leaving.v1';

describe('commands of an outbox before a RabbitMQ that takes 1 MiB', () => {
  let folder: TempDir;
  let server: Awaited<ReturnType<typeof startServer>>;
  let services: TestDatabase;
  let queue: OutboxQueue;
  beforeAll(async () => {
    [folder, services] = await Promise.all([tempDir('rabbit-leaving'), testDatabase()]);
    server = await startServer('rabbitmq', { folder: folder.path, settings: { max_message_size: '1048576' } });
    queue = await OutboxQueue.open(await RabbitQueue.open(server.url, { log: silent, newQueueMs: 0 }), services.sql, silent);
    await queue.ensureQueues([QUEUE]);
  }, 180_000);
  afterAll(async () => {
    await queue.close();
    await server.remove();
    await services.drop();
    await folder.remove();
  });

  const say = async (commands: readonly OutgoingCommand[]): Promise<void> => {
    await services.sql.transaction((tx) => queue.sendIn(tx, commands));
    queue.announce();
  };
  const large = (id: string, bytes: number): OutgoingCommand => commandOf(QUEUE, id, { text: 'x'.repeat(bytes) });

  it('are refused in their transaction above what every RabbitMQ may take', async () => {
    await expect(say([large('huge', 4 * 1024 * 1024)])).rejects.toThrow(
      /The command huge for "leaving.v1" is too large: 41943\d\d bytes, the queue takes 4194304/,
    );
  });

  it('are set aside, and told, where this one takes less, and the others arrive', async () => {
    const consumer = await new MemoryConsumer().start(queue, QUEUE);
    await say([commandOf(QUEUE, 'a'), large('large', 1_200_000), commandOf(QUEUE, 'b'), commandOf(QUEUE, 'c')]);
    await eventually(() => expect([...new Set(consumer.ids)].sort()).toEqual(['a', 'b', 'c']), { deadlineMs: 30_000 });
    await eventually(() =>
      expect(queue.setAside()).toEqual([expect.stringMatching(/^1 message could not leave .*the queue takes 1048576/)]),
    );
    await expect(say([large('next', 1_200_000)])).rejects.toThrow('the queue takes 1048576');
    expect(queue.waitingFor()).toEqual([]);
    await consumer.stop();
  }, 60_000);
});
