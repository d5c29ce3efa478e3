import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { connect, type ChannelModel } from 'amqplib';
import { eventually } from '@roofshot/testing/eventually';
import { testDatabase, type TestDatabase } from '@roofshot/testing/postgres';
import { startServer } from '@roofshot/testing/start-server';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import { openCommandQueue } from '../src/commands/open-command-queue.ts';
import { commandOf, freshQueue, MemoryConsumer } from '../src/commands/queue-lab.ts';
import type { CommandQueue } from '../src/commands/queue.ts';
import { Door, methodFrame } from '../src/commands/rabbit/door-lab.ts';
import { CommandLab } from '../src/delivery/command-lab.ts';
import { silent } from '../src/events/log-lab.ts';

const SENDERS = 64;
const MOST_WAITING = 300;
const START_MS = 180_000;
/** A frozen broker is taken for dead after two to three of these. */
const HEARTBEAT = '?heartbeat=1';
const CHILD = fileURLToPath(new URL('./holding-process.ts', import.meta.url));
const REGISTER = new URL('../../../register.mjs', import.meta.url).href;
const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

type Added = Parameters<CommandLab['send']>[0];

describe('a RabbitMQ broker', () => {
  let folder: TempDir;
  let server: Awaited<ReturnType<typeof startServer>>;
  let services: TestDatabase;
  let lab: CommandLab;
  const opened: CommandQueue[] = [];

  const open = async (url = `${server.url}${HEARTBEAT}`): Promise<CommandQueue> => {
    const queue = await openCommandQueue(url, { sql: services.sql, sqlUrl: services.url, log: silent });
    opened.push(queue);
    return queue;
  };
  beforeAll(async () => {
    [folder, services] = await Promise.all([tempDir('rabbit-faults'), testDatabase()]);
    server = await startServer('rabbitmq', { folder: folder.path });
    const close = async (): Promise<void> => void (await Promise.all(opened.map((queue) => queue.close())));
    lab = await CommandLab.start({ sql: services.sql, open: () => open(), kill: () => Promise.resolve(), close });
  }, START_MS);
  afterEach(() => lab.stopServices());
  afterAll(async () => {
    await lab.close();
    await server.remove();
    await services.drop();
    await folder.remove();
  }, START_MS);

  const newQueue = async (): Promise<string> => {
    const name = freshQueue();
    await lab.queue.ensureQueues([name]);
    return name;
  };
  /** As another program would speak to the broker. */
  const raw = async <T>(use: (model: ChannelModel) => Promise<T>): Promise<T> => {
    const model = await connect(server.url);
    const answer = await use(model);
    await model.close();
    return answer;
  };

  /**
   * Sends from 64 callers at once until told to stop, as long as the service does not fall behind. What is refused is sent again, under
   * its id; those that were acknowledged must have their effect.
   */
  async function sendAndHandle(command: Added): Promise<{ readonly acknowledged: Set<string>; stop(): Promise<void> }> {
    const acknowledged = new Set<string>();
    let [next, runs, isOpen] = [0, 0, true];
    const isAccepted = (id: string): Promise<boolean> =>
      lab.send(command, [id]).then(
        () => true,
        () => false,
      );
    const sender = async (): Promise<void> => {
      while (isOpen) {
        await eventually(() => acknowledged.size - runs < MOST_WAITING || !isOpen, { deadlineMs: 60_000 });
        const id = `${(next += 1)}`;
        while (!(await isAccepted(id)));
        acknowledged.add(id);
      }
    };
    await lab.service(command, ({ data }, tx) => ((runs += 1), lab.add(tx, data)), { concurrency: 16 });
    const senders = count(SENDERS).map(sender);
    return {
      acknowledged,
      stop: async () => {
        isOpen = false;
        await Promise.all(senders);
      },
    };
  }

  const expectEachOnce = async (command: Added, acknowledged: ReadonlySet<string>): Promise<void> => {
    const expected = [...acknowledged].sort();
    await eventually(async () => expect(new Set(await lab.effects(command)).size).toBe(expected.length), { deadlineMs: 60_000 });
    await eventually(async () => expect(await lab.queue.depth(command.queue)).toBe(0), { deadlineMs: 30_000 });
    expect(await lab.effects(command)).toEqual(expected);
    expect(await lab.queue.deadLetters(command.queue)).toEqual([]);
  };

  it('takes commands of 64 senders at once: each has its effect, once', async () => {
    const command = lab.newCommand();
    const sending = await sendAndHandle(command);
    await eventually(() => sending.acknowledged.size > 2_000, { deadlineMs: 60_000 });
    await sending.stop();
    await expectEachOnce(command, sending.acknowledged);
  }, 120_000);

  it.each([
    [
      'killed with -9 and started again',
      async (): Promise<void> => {
        await server.kill9();
        await server.restart();
      },
    ],
    [
      'frozen for longer than its clients wait for a sign of life',
      async (): Promise<void> => {
        await server.freeze();
        await eventually(() => lab.queue.waitingFor().length > 0, { deadlineMs: 30_000, describe: 'the loss to be told' });
        await server.thaw();
      },
    ],
  ] as const)(
    'that is %s loses nothing, each command has its effect once, and all go on by themselves',
    async (_, disturb) => {
      const command = lab.newCommand();
      const sending = await sendAndHandle(command);
      await eventually(() => sending.acknowledged.size > 500, { deadlineMs: 60_000 });
      await disturb();
      const after = sending.acknowledged.size;
      await eventually(() => sending.acknowledged.size > after + 500, { deadlineMs: 60_000, describe: 'sending to go on' });
      await sending.stop();
      await expectEachOnce(command, sending.acknowledged);
      expect(lab.queue.waitingFor()).toEqual([]);
    },
    240_000,
  );

  it('keeps 10,000 commands over a restart', async () => {
    const name = await newQueue();
    const ids = count(10_000).map(String);
    await lab.queue.send(ids.map((id) => commandOf(name, id)));
    await server.restart();
    await eventually(async () => expect(await lab.queue.depth(name)).toBe(10_000), { deadlineMs: 60_000 });
    const consumer = await new MemoryConsumer().start(lab.queue, name, undefined, 64);
    await eventually(() => consumer.received.length >= 10_000, { deadlineMs: 60_000 });
    expect(new Set(consumer.ids).size).toBe(10_000);
    await consumer.stop();
  }, 180_000);

  it('gives the commands of a killed process to another one at once', async () => {
    const name = await newQueue();
    await lab.queue.send(count(8).map((n) => commandOf(name, `${n}`)));
    const child = spawn(process.execPath, ['--import', REGISTER, CHILD, server.url, name, '8'], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    const heir = await new MemoryConsumer().start(lab.queue, name, undefined, 8);
    expect(heir.received).toEqual([]);
    child.kill('SIGKILL');
    await eventually(() => expect(heir.received).toHaveLength(8), { deadlineMs: 3_000 });
    expect(heir.received.every(({ attempt }) => attempt === 2)).toBe(true);
    await heir.stop();
  }, 60_000);

  it('may close channels (406): what runs is not begun twice, what is sent arrives, and consuming goes on', async () => {
    const door = await Door.open(new URL(server.url));
    const queue = await open(door.urlOf(new URL(server.url)));
    const name = await newQueue();
    const gate = Promise.withResolvers<void>();
    const consumer = await new MemoryConsumer().start(queue, name, async () => {
      await gate.promise;
      return { kind: 'ack' };
    });
    await queue.send([commandOf(name, 'running')]);
    await eventually(() => expect(consumer.ids).toEqual(['running']));
    door.sayToBroker(acknowledgeUnknown(1)); // of both connections it is the channel that lasts
    await queue.send([commandOf(name, 'sent')]);
    await eventually(() => expect(consumer.ids).toEqual(['running', 'sent']));
    gate.resolve();
    await eventually(async () => expect(await queue.depth(name)).toBe(0));
    await queue.send([commandOf(name, 'later')]);
    await eventually(() => expect(consumer.ids).toEqual(['running', 'sent', 'later']));
    await consumer.stop();
    await queue.close();
    await door.close();
  }, 60_000);

  it('may lose a queue to a careless hand: its consumer makes it again', async () => {
    const name = await newQueue();
    const consumer = await new MemoryConsumer().start(lab.queue, name, ({ attempt }) =>
      attempt === 1 ? { kind: 'retry', delayMs: 1, reason: 'not yet' } : { kind: 'dead', reason: 'never' },
    );
    await raw(async (model) => {
      const channel = await model.createChannel();
      for (const queue of [name, `${name}.delay.100ms`, `${name}.dead`]) await channel.deleteQueue(queue);
    });
    await eventually(() => lab.queue.send([commandOf(name, 'a')])); // unknown until it is there again
    await eventually(async () => expect(await lab.queue.deadLetters(name)).toMatchObject([{ id: 'a', attempt: 2, reason: 'never' }]));
    await consumer.stop();
  }, 60_000);

  it('puts a command whose consumers die each time among the dead letters, and lets the next ones pass', async () => {
    const name = await newQueue();
    await lab.queue.send([commandOf(name, 'killer')]);
    await raw(async (model) => {
      for (let isThere = true; isThere;) {
        const channel = await model.createChannel();
        isThere = (await channel.get(name)) !== false;
        await channel.close(); // as a consumer that dies
      }
    });
    await eventually(async () =>
      expect(await lab.queue.deadLetters(name)).toMatchObject([
        { id: 'killer', reason: expect.stringContaining('delivered 21 times') as string },
      ]),
    );
    const consumer = await new MemoryConsumer().start(lab.queue, name);
    await lab.queue.send([commandOf(name, 'next')]);
    await eventually(() => expect(consumer.ids).toEqual(['next']));
    expect(await lab.queue.redrive(name)).toBe(1);
    await eventually(() => expect(consumer.received.at(-1)).toMatchObject({ id: 'killer', attempt: 1 }));
    await consumer.stop();
  }, 60_000);

  it('brings what is no command of ours, without an id or headers: it is dead at once, byte for byte, and can be sent again', async () => {
    const name = await newQueue();
    const consumer = await new MemoryConsumer().start(lab.queue, name);
    await raw(async (model) => {
      const channel = await model.createConfirmChannel();
      channel.sendToQueue(name, Buffer.from('no JSON'), {});
      await channel.waitForConfirms();
    });
    await eventually(async () =>
      expect(await lab.queue.deadLetters(name)).toMatchObject([
        { payload: 'no JSON', reason: expect.stringContaining('no message id') as string },
      ]),
    );
    expect(consumer.received).toEqual([]);
    expect(await lab.queue.redrive(name)).toBe(1);
    await eventually(() => expect(consumer.received).toMatchObject([{ payload: 'no JSON', attempt: 1 }]));
    await consumer.stop();
  }, 60_000);

  it('shows its dead letters whole to several who look at the same time', async () => {
    const name = await newQueue();
    const consumer = await new MemoryConsumer().start(lab.queue, name, () => ({ kind: 'dead', reason: 'never' }), 20);
    await lab.queue.send(count(100).map((n) => commandOf(name, `${n}`)));
    await eventually(async () => expect(await lab.queue.deadLetters(name)).toHaveLength(100));
    const others = await Promise.all([open(), open()]);
    const looks = await Promise.all([lab.queue, ...others, lab.queue].map((queue) => queue.deadLetters(name)));
    expect(looks.map((letters) => letters.length)).toEqual([100, 100, 100, 100]);
    await consumer.stop();
  }, 60_000);

  it('without room on its disk takes nothing and that is told, while acknowledgements get through', async () => {
    const door = await Door.open(new URL(server.url));
    const queue = await open(door.urlOf(new URL(server.url)));
    const name = await newQueue();
    const gate = Promise.withResolvers<void>();
    const consumer = await new MemoryConsumer().start(queue, name, () => gate.promise.then(() => ({ kind: 'ack' })), 2);
    await lab.queue.send(count(3).map((n) => commandOf(name, `before-${n}`)));
    await eventually(() => expect(consumer.received).toHaveLength(2));
    const unblock = door.block('low on disk');
    await eventually(() => expect(queue.waitingFor()).toEqual([expect.stringMatching(/takes no messages: low on disk. Free disk/)]));
    gate.resolve(); // the third comes when the first are acknowledged
    await eventually(() => expect(consumer.received).toHaveLength(3));
    await expect(queue.send([commandOf(name, 'refused')])).rejects.toThrow(
      /did not confirm .* low on disk.*send it again with the same id/,
    );
    const waiting = queue.send([commandOf(name, 'waits')]);
    unblock();
    await waiting;
    await eventually(() => expect(consumer.ids).toContain('waits'));
    expect(queue.waitingFor()).toEqual([]);
    await consumer.stop();
    await queue.close();
    await door.close();
  }, 60_000);
});

/** `basic.ack` of a delivery that there is not: RabbitMQ closes the channel with 406. */
function acknowledgeUnknown(channel: number): Buffer {
  return methodFrame(channel, [60, 80], Buffer.from([0, 0, 0, 0, 0, 1, 0, 0, 0]));
}
