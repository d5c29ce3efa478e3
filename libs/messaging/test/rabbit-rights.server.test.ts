/** A RabbitMQ whose users may do little: what is missing is told at once, for all queues, with the remedy. */
import { startGuardedRabbitMq, type GuardedRabbitMq } from '@roofshot/testing/guarded-rabbitmq';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import { commandOf } from '../src/commands/queue-lab.ts';
import { RabbitQueue } from '../src/commands/rabbit/rabbit-queue.ts';
import { silent } from '../src/events/log-lab.ts';

const ALL = '.*';
const NONE = '^$';

describe('a RabbitMQ with users', () => {
  let folder: TempDir;
  let rabbit: GuardedRabbitMq;
  const opened: RabbitQueue[] = [];
  beforeAll(async () => {
    folder = await tempDir('rabbit-rights');
    rabbit = await startGuardedRabbitMq(folder.path, {
      nobody: { configure: NONE, write: NONE, read: NONE },
      maker: { configure: ALL, write: NONE, read: NONE },
      reader: { configure: ALL, write: NONE, read: ALL },
      one: { configure: '^allowed', write: ALL, read: ALL },
      able: { configure: ALL, write: ALL, read: ALL },
    });
    await (await open('able')).ensureQueues(['there.v1']);
  }, 180_000);
  afterAll(async () => {
    await Promise.all(opened.map((queue) => queue.close()));
    await rabbit.server.remove();
    await folder.remove();
  }, 60_000);

  const open = async (user: string): Promise<RabbitQueue> => {
    const queue = await RabbitQueue.open(rabbit.urlOf(user), { log: silent, newQueueMs: 0 });
    opened.push(queue);
    return queue;
  };

  it.each(['nobody', 'maker', 'reader'])('tells the user %s how to get the rights', async (user) => {
    await expect((await open(user)).ensureQueues(['new.v1'])).rejects.toMatchObject({
      name: 'ServerRefusal',
      message: expect.stringMatching(
        /^RabbitMQ \(COMMANDS_URL\) refuses the queue "new\.v1.*ACCESS_REFUSED.*Give the user of COMMANDS_URL the rights to configure, write and read it \(rabbitmqctl set_permissions\)\.$/,
      ),
    });
  });

  it('tells all queues that it refuses, and makes the others', async () => {
    const queue = await open('one');
    await expect(queue.ensureQueues(['new.v1', 'allowed.v1', 'other.v1'])).rejects.toThrow(
      /^RabbitMQ \(COMMANDS_URL\) refuses the queue "new\.v1.*So it refuses "other\.v1"\.$/,
    );
    await queue.send([commandOf('allowed.v1', 'a')]);
    expect(await queue.depth('allowed.v1')).toBe(1);
  });

  it('refuses what is sent without the right to, and that is told', async () => {
    const queue = await open('maker');
    const told = /RabbitMQ refuses what is sent: .*ACCESS_REFUSED.*Give the user of COMMANDS_URL the right to write/;
    await expect(queue.send([commandOf('there.v1', 'a')])).rejects.toThrow(told);
    expect(queue.waitingFor()).toEqual([expect.stringMatching(told)]);
  }, 60_000);

  it('also where the queue is there', async () => {
    await expect((await open('reader')).ensureQueues(['there.v1'])).rejects.toMatchObject({ name: 'ServerRefusal' });
  });
});
