import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { eventually } from '@roofshot/testing/eventually';
import { testDatabase, type TestDatabase } from '@roofshot/testing/postgres';
import { startServer } from '@roofshot/testing/start-server';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import { openCommandQueue } from '../src/commands/open-command-queue.ts';
import { commandOf, freshQueue, MemoryConsumer } from '../src/commands/queue-lab.ts';
import type { CommandQueue } from '../src/commands/queue.ts';
import { RabbitQueue } from '../src/commands/rabbit/rabbit-queue.ts';
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
  /** For queues whose broker is not killed. */
  let hasty: RabbitQueue;
  const opened: CommandQueue[] = [];

  const open = async (url = `${server.url}${HEARTBEAT}`): Promise<CommandQueue> => {
    const queue = await openCommandQueue(url, { sql: services.sql, sqlUrl: services.url, log: silent });
    opened.push(queue);
    return queue;
  };
  beforeAll(async () => {
    [folder, services] = await Promise.all([tempDir('rabbit-faults'), testDatabase()]);
    server = await startServer('rabbitmq', { folder: folder.path });
    hasty = await RabbitQueue.open(server.url, { log: silent, newQueueMs: 0 });
    const close = async (): Promise<void> => void (await Promise.all(opened.map((queue) => queue.close())));
    lab = await CommandLab.start({ sql: services.sql, open: () => open(), kill: () => Promise.resolve(), close });
  }, START_MS);
  afterEach(() => lab.stopServices());
  afterAll(async () => {
    await Promise.all([lab.close(), hasty.close()]);
    await server.remove();
    await services.drop();
    await folder.remove();
  }, START_MS);

  const newQueue = async (): Promise<string> => {
    const name = freshQueue();
    await hasty.ensureQueues([name]);
    return name;
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
    expect(await lab.office(command).letters()).toEqual([]);
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
        await eventually(() => expect(lab.waitingFor()).toEqual([expect.stringContaining('RabbitMQ')]), { deadlineMs: 30_000 });
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
      expect(lab.waitingFor()).toEqual([]);
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
    await eventually(() => expect(heir.received).toHaveLength(8));
    expect(heir.received.every(({ attempt }) => attempt === 2)).toBe(true);
    await heir.stop();
  }, 60_000);
});
