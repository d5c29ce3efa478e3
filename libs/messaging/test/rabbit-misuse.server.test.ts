import { connect, type ChannelModel } from 'amqplib';
import { eventually } from '@roofshot/testing/eventually';
import { testServer } from '@roofshot/testing/test-server';
import type { DeadCommand, Settlement } from '../src/commands/queue.ts';
import { commandOf, freshQueue, givenQueues, MemoryConsumer } from '../src/commands/queue-lab.ts';
import { Door, methodFrame } from '../src/commands/rabbit/door-lab.ts';
import { RabbitQueue } from '../src/commands/rabbit/rabbit-queue.ts';
import { queuesOf } from '../src/commands/rabbit/rabbit-topology.ts';
import { silent } from '../src/events/log-lab.ts';

const START_MS = 180_000;
const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

describe('a RabbitMQ broker that others use as well', () => {
  let url: string;
  let queue: RabbitQueue;
  const opened: RabbitQueue[] = [];

  const open = async (at = url): Promise<RabbitQueue> => {
    const one = await RabbitQueue.open(at, { log: silent, newQueueMs: 0 });
    opened.push(one);
    return one;
  };
  beforeAll(async () => {
    url = await testServer('rabbitmq');
    queue = await open();
  }, START_MS);
  afterAll(async () => {
    await Promise.all(opened.map((one) => one.close()));
    await raw(async (model) => {
      const channel = await model.createChannel();
      for (const name of givenQueues.flatMap(queuesOf)) await channel.deleteQueue(name);
    });
  });

  const newQueue = async (): Promise<string> => {
    const name = freshQueue();
    await queue.ensureQueues([name]);
    return name;
  };
  /** As another program would speak to the broker. */
  const raw = async <T>(use: (model: ChannelModel) => Promise<T>): Promise<T> => {
    const model = await connect(url);
    try {
      return await use(model);
    } finally {
      await model.close();
    }
  };

  it('may close channels (406): what runs is not begun twice, what is sent arrives, and consuming goes on', async () => {
    const door = await Door.open(new URL(url));
    const behind = await open(door.urlOf(new URL(url)));
    const name = await newQueue();
    const gate = Promise.withResolvers<void>();
    const consumer = await new MemoryConsumer().start(behind, name, async () => {
      await gate.promise;
      return { kind: 'ack' };
    });
    await behind.send([commandOf(name, 'running')]);
    await eventually(() => expect(consumer.ids).toEqual(['running']));
    door.sayToBroker(acknowledgeUnknown(1)); // of both connections it is the channel that lasts
    await eventually(() => expect(behind.waitingFor()).toEqual([expect.stringContaining('its channel has ended')]));
    await behind.send([commandOf(name, 'sent')]);
    await eventually(() => expect(consumer.ids).toEqual(['running', 'sent']));
    gate.resolve();
    await eventually(async () => expect(await behind.depth(name)).toBe(0));
    await behind.send([commandOf(name, 'later')]);
    await eventually(() => expect(consumer.ids).toEqual(['running', 'sent', 'later']));
    await consumer.stop();
    await behind.close();
    await door.close();
  }, 60_000);

  it('may lose a queue to a careless hand: its consumer makes it again', async () => {
    const name = await newQueue();
    const consumer = await new MemoryConsumer().start(queue, name, ({ attempt }) =>
      attempt === 1 ? { kind: 'retry', delayMs: 1, reason: 'not yet' } : { kind: 'dead', reason: 'never' },
    );
    await raw(async (model) => {
      const channel = await model.createChannel();
      for (const queue of [name, `${name}.delay.100ms`, `${name}.dead`]) await channel.deleteQueue(queue);
    });
    await eventually(() => queue.send([commandOf(name, 'a')])); // unknown until it is there again
    await eventually(async () => expect(await queue.deadLetters(name)).toMatchObject([{ id: 'a', attempt: 2, reason: 'never' }]));
    await consumer.stop();
  }, 60_000);

  it('puts a command whose consumers die each time among the dead letters, and lets the next ones pass', async () => {
    const name = await newQueue();
    await queue.send([commandOf(name, 'killer')]);
    await raw((model) =>
      eventually(
        async () => {
          const channel = await model.createChannel();
          await channel.get(name); // may find nothing: what the last one had is put back after its channel's end is confirmed
          await channel.close(); // as a consumer that dies
          expect(await queue.deadLetters(name)).toMatchObject([
            { id: 'killer', reason: expect.stringContaining('delivered 21 times') as string },
          ]);
        },
        { deadlineMs: 30_000 },
      ),
    );
    const consumer = await new MemoryConsumer().start(queue, name);
    await queue.send([commandOf(name, 'next')]);
    await eventually(() => expect(consumer.ids).toEqual(['next']));
    const adopted: DeadCommand[] = [];
    expect(await queue.adoptDead(name, async (letters) => void adopted.push(...letters))).toBe(1);
    expect(adopted).toMatchObject([{ id: 'killer', attempt: 21, code: 'crashed' }]);
    expect(await queue.deadLetters(name)).toEqual([]);
    await consumer.stop();
  }, 60_000);

  it('brings what is no command of ours, without an id or headers: it is dead at once, and can be sent again under the id it was given', async () => {
    const name = await newQueue();
    const consumer = await new MemoryConsumer().start(queue, name);
    await raw(async (model) => {
      const channel = await model.createConfirmChannel();
      channel.sendToQueue(name, Buffer.from('no JSON'), {});
      await channel.waitForConfirms();
    });
    await eventually(async () =>
      expect(await queue.deadLetters(name)).toMatchObject([
        { payload: 'no JSON', reason: expect.stringContaining('no message id') as string },
      ]),
    );
    expect(consumer.received).toEqual([]);
    expect(await queue.adoptDead(name, (letters) => queue.send(letters))).toBe(1);
    await eventually(() => expect(consumer.received).toMatchObject([{ payload: 'no JSON', attempt: 1 }]));
    await consumer.stop();
  }, 60_000);

  it('shows its dead letters whole to several who look at the same time', async () => {
    const name = await newQueue();
    const consumer = await new MemoryConsumer().start(queue, name, () => ({ kind: 'dead', reason: 'never' }), 20);
    await queue.send(count(100).map((n) => commandOf(name, `${n}`)));
    await eventually(async () => expect(await queue.deadLetters(name)).toHaveLength(100));
    const others = await Promise.all([open(), open()]);
    const looks = await Promise.all([queue, ...others, queue].map((queue) => queue.deadLetters(name)));
    expect(looks.map((letters) => letters.length)).toEqual([100, 100, 100, 100]);
    await consumer.stop();
  }, 60_000);

  it('without room on its disk takes nothing and that is told, while acknowledgements get through', async () => {
    const door = await Door.open(new URL(url));
    const behind = await open(door.urlOf(new URL(url)));
    const name = await newQueue();
    const gate = Promise.withResolvers<void>();
    const consumer = await new MemoryConsumer().start(behind, name, () => gate.promise.then(() => ({ kind: 'ack' })), 2);
    await queue.send(count(3).map((n) => commandOf(name, `before-${n}`)));
    await eventually(() => expect(consumer.received).toHaveLength(2));
    const unblock = door.block('low on disk');
    await eventually(() => expect(behind.waitingFor()).toEqual([expect.stringMatching(/takes no messages: low on disk. Free disk/)]));
    gate.resolve(); // the third comes when the first are acknowledged
    await eventually(() => expect(consumer.received).toHaveLength(3));
    await expect(behind.send([commandOf(name, 'refused')])).rejects.toThrow(
      /did not confirm .* low on disk.*send it again with the same id/,
    );
    const waiting = behind.send([commandOf(name, 'waits')]);
    unblock();
    await waiting;
    await eventually(() => expect(consumer.ids).toContain('waits'));
    expect(behind.waitingFor()).toEqual([]);
    await consumer.stop();
    await behind.close();
    await door.close();
  }, 60_000);

  it('without room holds what is to be tried again later, and counts that as no attempt', async () => {
    const door = await Door.open(new URL(url));
    const behind = await open(door.urlOf(new URL(url)));
    const name = await newQueue();
    const gate = Promise.withResolvers<void>();
    let isAway = true;
    const answer = (): Settlement => (isAway ? { kind: 'retry', delayMs: 10, reason: 'away', uncounted: true } : { kind: 'ack' });
    const consumer = await new MemoryConsumer().start(behind, name, () => gate.promise.then(answer), 2);
    await queue.send([commandOf(name, 'later')]);
    await eventually(() => expect(consumer.received).toHaveLength(1));
    const unblock = door.block('low on disk');
    gate.resolve();
    await expect(behind.send([commandOf(name, 'refused')])).rejects.toThrow(/did not confirm/); // as what is to be delayed, before it
    isAway = false;
    unblock();
    // What was sent to the delay more than once comes more than once, under its one id.
    const later = (): readonly number[] => consumer.received.filter(({ id }) => id === 'later').map(({ attempt }) => attempt);
    await eventually(() => expect(later().length).toBeGreaterThan(1), { deadlineMs: 30_000 });
    expect(new Set(later())).toEqual(new Set([1]));
    await consumer.stop();
    await behind.close();
    await door.close();
  }, 90_000);

  it('says what is wrong and what to do when it cannot be used', async () => {
    const { host, username, password } = new URL(url);
    const byHand = freshQueue();
    const opening = (url: string): Promise<unknown> => open(url);
    await expect(opening('amqp://127.0.0.1:9')).rejects.toThrow(
      /No RabbitMQ answers at 127.0.0.1:9 \(COMMANDS_URL\): .*Start it, or correct/,
    );
    await expect(opening(`amqp://${username}:wrong@${host}`)).rejects.toThrow(
      `RabbitMQ at ${host} refuses the user "${username}" or its password`,
    );
    await expect(opening(`amqp://${username}:${password}@${host}/nowhere`)).rejects.toThrow(
      /the virtual host "nowhere".*rabbitmqctl add_vhost/,
    );
    await expect(opening(`amqps://${username}:${password}@${host}`)).rejects.toThrow('amqps:// is for a TLS port');
    await raw(async (model) => {
      const channel = await model.createChannel();
      await channel.assertQueue(byHand, { durable: true });
    });
    await expect(queue.ensureQueues([byHand])).rejects.toThrow(/refuses the queue "work-.*let it run empty and delete it/);
  }, 60_000);
});

/** `basic.ack` of a delivery that there is not: RabbitMQ closes the channel with 406. */
function acknowledgeUnknown(channel: number): Buffer {
  return methodFrame(channel, [60, 80], Buffer.from([0, 0, 0, 0, 0, 1, 0, 0, 0]));
}
