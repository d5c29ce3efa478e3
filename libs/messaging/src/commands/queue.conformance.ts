import { eventually } from '@roofshot/testing/eventually';
import { commandOf, freshQueue, MemoryConsumer, type QueueLab } from './queue-lab.ts';
import type { CommandQueue, DeadCommand, Settlement } from './queue.ts';

interface Context {
  readonly lab: () => QueueLab;
  readonly queue: () => CommandQueue;
}

/** The first test that needs a server starts it. */
const START_MS = 180_000;
const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** The promises of CommandQueue, for every adapter. `start` gives a fresh broker. */
export function queueConformance(name: string, start: () => Promise<QueueLab>): void {
  describe(`${name}: a command queue`, () => {
    let lab: QueueLab;
    let queue: CommandQueue;
    beforeAll(async () => {
      lab = await start();
      queue = await lab.open();
    }, START_MS);
    afterAll(() => lab.close());
    const context = { lab: () => lab, queue: () => queue };

    describe('sending', () => sending(context));
    describe('settling', () => settling(context));
    describe('consumers', () => consumers(context));
  });
}

async function newQueue({ queue }: Context): Promise<string> {
  const name = freshQueue();
  await queue().ensureQueues([name]);
  return name;
}

function sending(context: Context): void {
  it('keeps what was sent over the end of every process', async () => {
    const name = await newQueue(context);
    const sender = await context.lab().open();
    await sender.send([commandOf(name, 'a', { text: 'ü "\\' })]);
    await sender.close();
    const consumer = await new MemoryConsumer().start(await context.lab().open(), name);
    await eventually(() => expect(consumer.received).toHaveLength(1));
    expect(consumer.received[0]).toMatchObject({
      queue: name,
      id: 'a',
      attempt: 1,
      payload: '{"text":"ü \\"\\\\"}',
      headers: { correlationid: 'c-a' },
    });
    await consumer.stop();
  });

  it('sends in a transaction exactly when that commits', async () => {
    const name = await newQueue(context);
    const failing = context.lab().sql.transaction(async (tx) => {
      await context.queue().sendIn(tx, [commandOf(name, 'never')]);
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    await context.lab().sql.transaction(async (tx) => {
      await context.queue().sendIn(tx, [commandOf(name, 'kept')]);
      expect(await context.queue().depth(name)).toBe(0);
    });
    context.queue().announce([name]);
    const consumer = await new MemoryConsumer().start(context.queue(), name);
    await eventually(() => expect(consumer.ids).toEqual(['kept']));
    await consumer.stop();
  });

  it('delays what shall be delayed', async () => {
    const name = await newQueue(context);
    const consumer = await new MemoryConsumer().start(context.queue(), name);
    const sentAt = Date.now();
    await context.queue().send([commandOf(name, 'later', {}, 400), commandOf(name, 'now')]);
    await eventually(() => expect(consumer.ids).toEqual(['now', 'later']));
    expect(Date.now() - sentAt).toBeGreaterThanOrEqual(395);
    await consumer.stop();
  });

  it('waits out a delay that is longer than any step of its broker', async () => {
    const name = await newQueue(context);
    await context.queue().send([commandOf(name, 'tomorrow', {}, 86_400_000), commandOf(name, 'now')]);
    const consumer = await new MemoryConsumer().start(context.queue(), name);
    await eventually(() => expect(consumer.ids).toEqual(['now']));
    await eventually(async () => expect(await context.queue().depth(name)).toBe(1));
    await consumer.stop();
  });

  it('refuses a queue that was never created, by name', async () => {
    await expect(context.queue().send([commandOf('nowhere.v1', 'a')])).rejects.toThrow('no queue "nowhere.v1"');
  });
}

/** Further, for a queue that knows the ids of its commands itself: it does not even deliver again what was sent again. */
export function idsConformance(name: string, start: () => Promise<QueueLab>): void {
  it(`${name}: a command queue delivers one id once within the horizon, waiting, running or done`, async () => {
    const lab = await start();
    const queue = await lab.open();
    const name = await newQueue({ lab: () => lab, queue: () => queue });
    await queue.send([commandOf(name, 'a', 1), commandOf(name, 'a', 2), commandOf(name, 'b', 3)]);
    await queue.send([commandOf(name, 'a', 4)]);
    expect(await queue.depth(name)).toBe(2);
    const consumer = await new MemoryConsumer().start(queue, name);
    await eventually(async () => expect(await queue.depth(name)).toBe(0));
    await queue.send([commandOf(name, 'a', 5), commandOf(name, 'c', 6)]);
    await eventually(async () => expect([await queue.depth(name), consumer.ids.includes('c')]).toEqual([0, true]));
    expect(consumer.received.map(({ id, payload }) => id + payload).sort()).toEqual(['a1', 'b3', 'c6']);
    await consumer.stop();
    await lab.close();
  });
}

function settling(context: Context): void {
  it('brings a retried command back after its delay, with a higher attempt', async () => {
    const name = await newQueue(context);
    const at: number[] = [];
    const consumer = await new MemoryConsumer().start(context.queue(), name, ({ attempt }): Settlement => {
      at.push(Date.now());
      return attempt < 3 ? { kind: 'retry', delayMs: 150, reason: 'not yet' } : { kind: 'ack' };
    });
    await context.queue().send([commandOf(name, 'a')]);
    await eventually(async () => expect([consumer.received.length, await context.queue().depth(name)]).toEqual([3, 0]));
    expect(consumer.received.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    const [first = 0, second = 0, third = 0] = at;
    expect(Math.min(second - first, third - second)).toBeGreaterThanOrEqual(145);
    await consumer.stop();
  });

  it('does not count a delivery whose failure was not the command’s', async () => {
    const name = await newQueue(context);
    let deliveries = 0;
    const consumer = await new MemoryConsumer().start(context.queue(), name, (): Settlement => {
      deliveries += 1;
      if (deliveries === 5) return { kind: 'ack' };
      return { kind: 'retry', delayMs: 1, reason: 'the disk is full', uncounted: deliveries !== 2 };
    });
    await context.queue().send([commandOf(name, 'a')]);
    await eventually(async () => expect([deliveries, await context.queue().depth(name)]).toEqual([5, 0]));
    expect(consumer.received.map(({ attempt }) => attempt)).toEqual([1, 1, 2, 2, 2]);
    await consumer.stop();
  });

  it('keeps dead commands with their reason until somebody adopts them, and then takes their ids anew, with attempt 1', async () => {
    const name = await newQueue(context);
    let verdict: Settlement = { kind: 'dead', reason: 'no such model' };
    const consumer = await new MemoryConsumer().start(context.queue(), name, () => verdict);
    await context.queue().send([commandOf(name, 'a', { n: 1 }), commandOf(name, 'b')]);
    await eventually(async () => expect(await context.queue().deadLetters(name)).toHaveLength(2));
    const dead = await context.queue().deadLetters(name);
    expect(dead.find(({ id }) => id === 'a')).toMatchObject({ queue: name, attempt: 1, payload: '{"n":1}', reason: 'no such model' });
    expect(dead[0]?.diedAt).toBeGreaterThan(Date.now() - 60_000);
    await eventually(async () => expect(await context.queue().depth(name)).toBe(0)); // a letter lies there before its delivery is over

    const failing = context.queue().adoptDead(name, () => Promise.reject(new Error('the database is away')));
    await expect(failing).rejects.toThrow('the database is away');
    const adopted: DeadCommand[] = [];
    const keep = (letters: readonly DeadCommand[]): Promise<void> => Promise.resolve(void adopted.push(...letters));
    expect(await context.queue().adoptDead(name, keep)).toBe(2);
    expect(adopted.map(({ id }) => id).sort()).toEqual(['a', 'b']);
    expect(adopted.find(({ id }) => id === 'a')).toEqual(dead.find(({ id }) => id === 'a'));
    expect(await context.queue().deadLetters(name)).toEqual([]);
    expect(await context.queue().adoptDead(name, keep)).toBe(0);

    verdict = { kind: 'ack' };
    await context.queue().send([commandOf(name, 'a', { n: 1 })]);
    await eventually(() => expect(consumer.ids.filter((id) => id === 'a')).toHaveLength(2));
    expect(consumer.received.at(-1)?.attempt).toBe(1);
    await consumer.stop();
  });

  it('forgets a dead command that its consumer keeps, and takes its id anew', async () => {
    const name = await newQueue(context);
    let verdict: Settlement = { kind: 'dead', reason: 'no such model', kept: true };
    const consumer = await new MemoryConsumer().start(context.queue(), name, () => verdict);
    await context.queue().send([commandOf(name, 'a')]);
    await eventually(async () => expect([consumer.received.length, await context.queue().depth(name)]).toEqual([1, 0]));
    expect(await context.queue().deadLetters(name)).toEqual([]);
    verdict = { kind: 'ack' };
    await context.queue().send([commandOf(name, 'a')]);
    await eventually(() => expect(consumer.received.map(({ attempt }) => attempt)).toEqual([1, 1]));
    await consumer.stop();
  });

  it('tells since when a command has failed', async () => {
    const name = await newQueue(context);
    const begun = Date.now();
    const consumer = await new MemoryConsumer().start(context.queue(), name, ({ attempt }): Settlement =>
      attempt < 3 ? { kind: 'retry', delayMs: 50, reason: 'not yet' } : { kind: 'ack' },
    );
    await context.queue().send([commandOf(name, 'a')]);
    await eventually(() => expect(consumer.received).toHaveLength(3));
    const [first, second, third] = consumer.received.map(({ firstFailedAt }) => firstFailedAt);
    expect(first).toBeUndefined();
    expect(second).toBeGreaterThanOrEqual(begun - 1_000); // a broker's clock, and whole milliseconds
    expect(third).toBe(second);
    await consumer.stop();
  });

  it('delivers again, with a higher attempt, what a handler threw on', async () => {
    const name = await newQueue(context);
    const consumer = await new MemoryConsumer().start(context.queue(), name, ({ attempt }) => {
      if (attempt === 1) throw new Error('bug');
      return { kind: 'ack' };
    });
    await context.queue().send([commandOf(name, 'a')]);
    await eventually(() => expect(consumer.received.map(({ attempt }) => attempt)).toEqual([1, 2]));
    await consumer.stop();
  });
}

function consumers(context: Context): void {
  it('handle at most the asked number at once, and all of them in the end', async () => {
    const name = await newQueue(context);
    const work = async (): Promise<Settlement> => {
      await context.lab().sql.query('SELECT pg_sleep(0.005)');
      return { kind: 'ack' };
    };
    await context.queue().send(count(40).map((n) => commandOf(name, `${n}`)));
    const consumer = await new MemoryConsumer().start(context.queue(), name, work, 3);
    await eventually(async () => expect([consumer.received.length, await context.queue().depth(name)]).toEqual([40, 0]));
    expect(consumer.mostRunning).toBe(3);
    await consumer.stop();
  });

  it('share a queue: each command has one handler at a time', async () => {
    const name = await newQueue(context);
    const members = await Promise.all(count(3).map(async () => new MemoryConsumer().start(await context.lab().open(), name)));
    await Promise.all(count(5).map((k) => context.queue().send(count(40).map((n) => commandOf(name, `${k}-${n}`)))));
    const handled = (): string[] => members.flatMap((member) => member.ids);
    await eventually(async () => expect([new Set(handled()).size, await context.queue().depth(name)]).toEqual([200, 0]));
    expect(handled()).toHaveLength(200);
    await Promise.all(members.map((member) => member.stop()));
  });

  it('keep a long command to themselves while they live', async () => {
    const name = await newQueue(context);
    let finish: (settlement: Settlement) => void = () => undefined;
    const finished = new Promise<Settlement>((resolve) => (finish = resolve));
    const leased = { leaseMs: 800 }; // renewed in time also on a machine that does other things
    const owner = await new MemoryConsumer().start(await context.lab().open(leased), name, () => finished);
    await context.queue().send([commandOf(name, 'long')]);
    await eventually(() => expect(owner.ids).toEqual(['long']));
    const rival = await new MemoryConsumer().start(await context.lab().open(leased), name);
    await context.lab().sql.query('SELECT pg_sleep(2.4)'); // three leases: how long it takes is what is tested
    finish({ kind: 'ack' });
    await eventually(async () => expect(await context.queue().depth(name)).toBe(0));
    expect([owner.received.length, rival.received.length]).toEqual([1, 0]);
    await Promise.all([owner.stop(), rival.stop()]);
  });

  it('take over from one that died, and what it says later does not count', async () => {
    const name = await newQueue(context);
    let finish: (settlement: Settlement) => void = () => undefined;
    const finished = new Promise<Settlement>((resolve) => (finish = resolve));
    const dying = await context.lab().open({ leaseMs: 300 });
    const victim = await new MemoryConsumer().start(dying, name, () => finished);
    await context.queue().send([commandOf(name, 'a')]);
    await eventually(() => expect(victim.ids).toEqual(['a']));
    await context.lab().kill(dying);
    const heir = await new MemoryConsumer().start(context.queue(), name);
    await eventually(() => expect(heir.received.map(({ id, attempt }) => [id, attempt])).toEqual([['a', 2]]));
    finish({ kind: 'dead', reason: 'too late' });
    await victim.stop();
    expect(await context.queue().deadLetters(name)).toEqual([]);
    await heir.stop();
  });

  it('let running commands end when they stop, and begin no other', async () => {
    const name = await newQueue(context);
    let finish: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (finish = resolve));
    const consumer = await new MemoryConsumer().start(
      context.queue(),
      name,
      async (): Promise<Settlement> => {
        await gate;
        return { kind: 'ack' };
      },
      2,
    );
    await context.queue().send(count(6).map((n) => commandOf(name, `${n}`)));
    await eventually(() => expect(consumer.running).toBe(2));
    const stopping = consumer.stop();
    finish();
    await stopping;
    expect([consumer.received.length, consumer.running]).toEqual([2, 0]);
    await eventually(async () => expect(await context.queue().depth(name)).toBe(4));
  });
}
