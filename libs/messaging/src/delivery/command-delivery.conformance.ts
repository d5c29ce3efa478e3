import { eventually } from '@roofshot/testing/eventually';
import { commandOf, type QueueLab } from '../commands/queue-lab.ts';
import { done, reject, type Outcome } from '../handlers.ts';
import { CommandLab } from './command-lab.ts';
import { commandLetters } from './command-letters.conformance.ts';

const START_MS = 180_000;

/** Delivery of commands from the sender's transaction to the handler's, for every adapter of the queue. `start` gives a fresh broker. */
export function commandDeliveryConformance(name: string, start: () => Promise<QueueLab>): void {
  describe(`${name}: delivery of commands`, () => {
    let lab: CommandLab;
    beforeAll(async () => {
      lab = await CommandLab.start(await start());
    }, START_MS);
    afterEach(() => lab.stopServices());
    afterAll(() => lab.close());

    describe('each command has its effect once', () => effects(() => lab));
    describe('what cannot be handled', () => refusals(() => lab));
    describe('the dead letter office', () => commandLetters(() => lab));
  });
}

function effects(lab: () => CommandLab): void {
  it('when a transaction sends it, with its type, id and correlation', async () => {
    const command = lab().newCommand();
    const seen: unknown[] = [];
    await lab().service(command, (received) => (seen.push(received), done()));
    await lab().transactions.run((tx) => Promise.resolve(tx.send(command, { id: 'a', n: 7 })));
    await eventually(() => expect(seen).toHaveLength(1));
    const text = expect.any(String) as string;
    expect(seen[0]).toMatchObject({ id: 'a', type: command.type, data: { id: 'a', n: 7 }, correlationid: text, time: text });
  });

  it('when it is sent again while it waits, while it runs and after it was done', async () => {
    const command = lab().newCommand();
    const [begun, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    await lab().queue.ensureQueues([command.queue]);
    await lab().send(command, ['a', 'a', 'b']);
    await lab().service(command, async ({ data }, tx) => {
      begun.resolve();
      await gate.promise;
      return lab().add(tx, data);
    });
    await begun.promise;
    await lab().send(command, ['a', 'b']);
    gate.resolve();
    await lab().expectEffects(command, ['a', 'b']);
    await lab().send(command, ['a', 'b', 'c']);
    await lab().expectEffects(command, ['a', 'b', 'c']);
  });

  it('when many processes send the same ones at once and several handle them', async () => {
    const command = lab().newCommand();
    const ids = Array.from({ length: 50 }, (_, n) => `id-${n}`);
    for (let n = 0; n < 3; n += 1)
      await lab().service(command, ({ data }, tx) => lab().add(tx, data), { queue: await lab().anotherQueue() });
    await Promise.all(Array.from({ length: 6 }, () => lab().send(command, ids)));
    await lab().expectEffects(command, ids);
  });

  it('when its handler fails first: nothing of that stays', async () => {
    const command = lab().newCommand();
    let runs = 0;
    await lab().service(command, async ({ data }, tx) => {
      await lab().add(tx, data);
      if ((runs += 1) < 3) throw new Error('not yet');
      return done();
    });
    await lab().send(command, ['a']);
    await lab().expectEffects(command, ['a']);
    expect(runs).toBe(3);
  });

  it('when the process that handles it is killed', async () => {
    const command = lab().newCommand();
    const [begun, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const victim = await lab().anotherQueue({ leaseMs: 300 });
    await lab().queue.ensureQueues([command.queue]);
    const consumption = await victim.consume(command.queue, async () => {
      begun.resolve();
      await gate.promise;
      return { kind: 'ack' };
    });
    await lab().send(command, ['a']);
    await begun.promise;
    await lab().kill(victim);
    await lab().service(command, ({ data }, tx) => lab().add(tx, data));
    await lab().expectEffects(command, ['a']);
    gate.resolve();
    await consumption.stop();
  });
}

function refusals(lab: () => CommandLab): void {
  it('lies in the dead letters with its reason and correlation, holds up nobody, and is handled when it is sent again', async () => {
    const command = lab().newCommand();
    let isMended = false;
    await lab().service(command, ({ data }, tx) => (isMended || !data.id.endsWith('/bad') ? lab().add(tx, data) : reject('no such unit')));
    await lab().send(command, ['bad', 'good']);
    const office = lab().office(command);
    await eventually(async () => expect(await office.letters()).toHaveLength(1));
    const [dead] = await office.letters();
    expect(dead).toMatchObject({
      kind: 'command',
      queue: command.queue,
      messageId: 'bad',
      attempts: 1,
      reason: 'no such unit',
      code: 'rejected',
      correlationId: 'c-bad',
    });
    expect(await lab().queue.deadLetters(command.queue)).toEqual([]);
    await lab().expectEffects(command, ['good']);
    isMended = true;
    expect(await office.redrive([dead?.id ?? 0], 10_000)).toEqual([{ letter: dead?.id, outcome: 'handled' }]);
    await lab().expectEffects(command, ['bad', 'good']);
    expect(await office.letters()).toEqual([]);
  });

  it('is given up after the stated attempts', async () => {
    const command = lab().newCommand();
    let runs = 0;
    const fail = (): Outcome => {
      runs += 1;
      throw new Error('broken');
    };
    await lab().service(command, fail);
    await lab().send(command, ['a']);
    await eventually(async () =>
      expect(await lab().office(command).letters()).toMatchObject([
        { messageId: 'a', attempts: 3, reason: 'Error: broken', code: 'Error', stack: expect.stringContaining('conformance.ts') as string },
      ]),
    );
    const [{ firstFailedAt, lastFailedAt } = { firstFailedAt: new Date(0), lastFailedAt: new Date(0) }] = await lab()
      .office(command)
      .letters();
    expect(lastFailedAt.getTime()).toBeGreaterThan(firstFailedAt.getTime());
    expect(runs).toBe(3);
  });

  it('is dead at once when it is no JSON or breaks its contract', async () => {
    const command = lab().newCommand();
    await lab().service(command, ({ data }, tx) => lab().add(tx, data));
    const base = commandOf(command.queue, 'x');
    await lab().queue.send([
      { ...base, id: 'torn', payload: '{"id":' },
      { ...base, id: 'wrong', payload: '{"id":"wrong","n":"many"}' },
      { ...base, id: 'right', payload: JSON.stringify({ id: `${command.type}/right`, n: 1 }) },
    ]);
    await lab().expectEffects(command, ['right']);
    await eventually(async () => {
      const dead = await lab().office(command).letters();
      expect(Object.fromEntries(dead.map(({ messageId, code, reason }) => [messageId, `${code}: ${reason}`]))).toEqual({
        torn: expect.stringMatching(/^unreadable: .*no JSON/) as string,
        wrong: expect.stringMatching(/^contract: .*\/n must be integer/) as string,
      });
    });
  });
}
