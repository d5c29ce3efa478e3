import { eventually } from '@roofshot/testing/eventually';
import { currentContext } from '@roofshot/telemetry/context';
import type { ReceivedCommand } from '../commands/queue.ts';
import { startPostgresLab } from '../events/postgres-lab.ts';
import { done, handle, reject, skip, TryAgain, type CommandHandler, type Outcome, type Tx } from '../handlers.ts';
import { CommandDelivery } from './command-delivery.ts';
import { Count, DeliveryLab, DomainError, Noted } from './delivery-lab.ts';

const FAST = { attempts: 3, retry: { firstMs: 5, longestMs: 20 } };

describe('delivery of commands', () => {
  let lab: DeliveryLab;
  let next = 0;
  beforeAll(async () => {
    lab = await DeliveryLab.start(await startPostgresLab());
  });
  afterAll(() => lab.close());

  const insert = (tx: Tx, id: string): Promise<unknown> =>
    tx.query(`INSERT INTO sums.seen (topic, unit, n) VALUES ('commands', $1, 1)`, [id]);
  const written = async (id: string): Promise<number> =>
    (await lab.sql.query(`SELECT 1 FROM sums.seen WHERE topic = 'commands' AND unit = $1`, [id])).length;
  const received = (id: string, change: Partial<ReceivedCommand> = {}): ReceivedCommand => ({
    queue: Count.queue,
    id,
    headers: { type: Count.type, correlationid: 'order-7', time: '2001-01-01T00:00:00Z' },
    payload: JSON.stringify({ id, n: 1 }),
    attempt: 1,
    ...change,
  });
  const freshId = (): string => `command-${(next += 1)}`;
  const deliver = (run: CommandHandler['run'], command: ReceivedCommand) =>
    new CommandDelivery(lab.setup(), FAST).deliver(handle(Count, run), command);

  it('runs from the sender to the handler with type, data, id and correlation', async () => {
    const commands: unknown[] = [];
    const delivery = new CommandDelivery(lab.setup(), FAST);
    const handler = handle(Count, (command) => {
      commands.push({ ...command, service: currentContext().service });
      return done();
    });
    const consumption = await lab.queue.consume(Count.queue, (command) => delivery.deliver(handler, command));
    const id = freshId();
    await lab.transactions.run((tx) => Promise.resolve(tx.send(Count, { id, n: 7 })));
    await eventually(() => expect(commands).toHaveLength(1));
    expect(commands[0]).toMatchObject({
      id,
      type: Count.type,
      data: { id, n: 7 },
      service: 'sums',
      correlationid: expect.any(String),
      time: expect.any(String),
    });
    await consumption.stop();
  });

  it('writes once what is delivered twice, also at the same time', async () => {
    const id = freshId();
    const run = async (_: unknown, tx: Tx): Promise<Outcome> => {
      await insert(tx, id);
      await tx.query('SELECT pg_sleep(0.02)');
      return done();
    };
    const settlements = await Promise.all([deliver(run, received(id)), deliver(run, received(id, { attempt: 2 }))]);
    settlements.push(await deliver(run, received(id, { attempt: 3 })));
    expect(settlements).toEqual([{ kind: 'ack' }, { kind: 'ack' }, { kind: 'ack' }]);
    expect(await written(id)).toBe(1);
  });

  it('writes nothing when the handler throws, tries again with growing pauses, and gives up in the end', async () => {
    const id = freshId();
    const fail = async (_: unknown, tx: Tx): Promise<Outcome> => {
      await insert(tx, id);
      throw new Error('no luck');
    };
    expect(await deliver(fail, received(id))).toMatchObject({
      kind: 'retry',
      reason: 'Error: no luck',
      delayMs: expect.any(Number),
      uncounted: false,
    });
    expect(await deliver(fail, received(id, { attempt: 3 }))).toEqual({ kind: 'dead', reason: 'Error: no luck', kept: true });
    expect(await written(id)).toBe(0);
    await deliver(async (_, tx) => (await insert(tx, id), done()), received(id)); // redriven after the fault was mended
    expect(await written(id)).toBe(1);
  });

  it.each<[string, CommandHandler['run']]>([
    ['answers reject', () => reject('no such run')],
    [
      'throws a domain error',
      () => {
        throw new DomainError('no such run');
      },
    ],
  ])('dead-letters at once, without its writes, when the handler %s', async (_, refuse) => {
    const id = freshId();
    const run = async (command: Parameters<CommandHandler['run']>[0], tx: Tx): Promise<Outcome> => {
      await insert(tx, id);
      return refuse(command, tx);
    };
    expect(await deliver(run, received(id))).toEqual({ kind: 'dead', reason: 'no such run', kept: true });
    expect(await written(id)).toBe(0);
  });

  it('keeps a command as one letter when it dies again because its queue did not hear of it, and as none once it was handled', async () => {
    const id = freshId();
    const letters = async (): Promise<unknown[]> => lab.sql.query('SELECT attempts FROM sums.dead_commands WHERE command_id = $1', [id]);
    await deliver(() => reject('no such run'), received(id));
    await deliver(() => reject('no such run'), received(id, { attempt: 2 }));
    expect(await letters()).toEqual([{ attempts: 2 }]);
    await deliver(() => done(), received(id, { attempt: 3 }));
    expect(await letters()).toEqual([]);
    expect(await deliver(() => done(), received(id, { attempt: 4 }))).toEqual({ kind: 'dead', reason: expect.any(String), kept: true });
    expect(await letters()).toEqual([]);
  });

  it('acknowledges what the handler skips', async () => {
    expect(await deliver(() => skip('already there'), received(freshId()))).toEqual({ kind: 'ack' });
  });

  it('never gives up on what is away for the moment: such deliveries do not count, so the next one is not taken for a dead consumer', async () => {
    const away = (): Outcome => {
      throw new TryAgain('the trainer is away');
    };
    expect(await deliver(away, received(freshId(), { attempt: 3 }))).toMatchObject({ kind: 'retry', uncounted: true });
  });

  it.each<[string, Partial<ReceivedCommand>, string]>([
    ['breaks its contract', { payload: '{"id":"x","n":"many"}' }, '/n must be integer'],
    ['is no JSON', { payload: '{' }, 'no JSON'],
    ['is of another type', { headers: { type: 'amount.forget' } }, 'this is amount.forget'],
    ['killed its consumer too often', { attempt: 4 }, 'delivered 3 times and its consumer died'],
  ])('dead-letters a command that %s, with the reason', async (_, change, reason) => {
    let runs = 0;
    const run = (): Outcome => ((runs += 1), done());
    expect(await deliver(run, received(freshId(), change))).toEqual({ kind: 'dead', reason: expect.stringContaining(reason), kept: true });
    expect(runs).toBe(0);
  });

  it('sends what a command causes with its correlation, or nothing', async () => {
    const notes = await lab.newTopic(Noted);
    const id = freshId();
    const say =
      (fails: boolean) =>
      (_: unknown, tx: Tx): Outcome => {
        tx.publish(notes, [{ type: 'amount.noted', data: { unit: 'u', n: 1 } }]);
        if (fails) throw new Error('after saying it');
        return done();
      };
    await deliver(say(true), received(id));
    await deliver(say(false), received(id));
    const said = await lab.records(notes);
    expect(said.map(({ headers }) => headers['ce_correlationid'])).toEqual(['order-7']);
  });
});
