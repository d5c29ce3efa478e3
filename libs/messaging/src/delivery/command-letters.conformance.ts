import { randomUUID } from 'node:crypto';
import { eventually } from '@roofshot/testing/eventually';
import { commandOf, MemoryConsumer } from '../commands/queue-lab.ts';
import { done, reject, type Outcome } from '../handlers.ts';
import type { CommandLab, Added, CommandOffice } from './command-lab.ts';

/** Beyond what other work on this machine may take. */
const WAIT_MS = 20_000;

interface Scene {
  readonly command: Added;
  readonly office: CommandOffice;
  /** Its sentence while commands are refused. */
  readonly mood: { refusal: string | undefined };
  readonly letter: () => Promise<number>;
}

/** One command that was refused. */
async function refusedOne(lab: CommandLab): Promise<Scene> {
  const command = lab.newCommand();
  const mood: Scene['mood'] = { refusal: 'no such unit' };
  await lab.service(command, ({ data }, tx) => (mood.refusal === undefined ? lab.add(tx, data) : reject(mood.refusal)));
  await lab.send(command, ['a']);
  const office = lab.office(command);
  await eventually(async () => expect(await office.letters()).toHaveLength(1));
  return { command, office, mood, letter: async () => (await office.letters())[0]?.id ?? 0 };
}

/** What a service's operators can do with commands that died. */
export function commandLetters(lab: () => CommandLab): void {
  it('keeps a command that is refused again as the same letter, with its new failure', async () => {
    const { command, office, mood, letter } = await refusedOne(lab());
    const id = await letter();
    const [before] = await office.letters();
    mood.refusal = 'still no such unit';
    expect(await office.redrive([id], WAIT_MS)).toEqual([
      { letter: id, outcome: 'refused', failure: { reason: 'still no such unit', code: 'rejected' } },
    ]);
    expect(await office.letters()).toMatchObject([
      { id, reason: 'still no such unit', attempts: 1, redrivenAt: null, firstFailedAt: before?.firstFailedAt },
    ]);
    mood.refusal = undefined;
    expect(await office.redrive([id], WAIT_MS)).toEqual([{ letter: id, outcome: 'handled' }]);
    await lab().expectEffects(command, ['a']);
    expect(await office.redrive([id], WAIT_MS)).toEqual([{ letter: id, outcome: 'gone' }]);
  });

  it('tells that a command is under way while nobody handles it, and counts it once however often it is sent', async () => {
    const { command, office, mood, letter } = await refusedOne(lab());
    const id = await letter();
    await lab().stopServices();
    expect(await office.redrive([id], 0)).toEqual([{ letter: id, outcome: 'sent' }]);
    expect(await office.redrive([id], 0)).toEqual([{ letter: id, outcome: 'sent' }]);
    expect((await office.letters())[0]?.redrivenAt).toBeInstanceOf(Date);
    mood.refusal = undefined;
    await lab().service(command, ({ data }, tx) => lab().add(tx, data));
    await lab().expectEffects(command, ['a']);
    await eventually(async () => expect(await office.letters()).toEqual([]));
  });

  it('forgets a letter whose command was sent again by its sender, and handled', async () => {
    const { command, office, mood } = await refusedOne(lab());
    mood.refusal = undefined;
    await lab().send(command, ['a']);
    await lab().expectEffects(command, ['a']);
    expect(await office.letters()).toEqual([]);
  });

  it('only tells of it in a dry run', async () => {
    const { office, letter } = await refusedOne(lab());
    const before = await office.letters();
    expect(await office.tryRedrive([await letter()])).toEqual([{ letter: await letter(), outcome: 'would-redrive' }]);
    expect(await office.letters()).toEqual(before);
  });

  it('throws a letter away, and the command can be sent anew', async () => {
    const { command, office, mood, letter } = await refusedOne(lab());
    const id = await letter();
    const purged = await office.purge([id], { actor: 'ada', reason: `wrong number ${randomUUID()}` });
    expect(purged).toEqual([{ letter: id, outcome: 'purged' }]);
    expect(await office.letters()).toEqual([]);
    mood.refusal = undefined;
    await lab().send(command, ['a']);
    await lab().expectEffects(command, ['a']);
  });

  it('shows what lies in the dead letters of the queue itself, and sends it again', async () => {
    const command = lab().newCommand();
    await lab().queue.ensureQueues([command.queue]);
    const burying = await new MemoryConsumer().start(lab().queue, command.queue, () => ({
      kind: 'dead',
      reason: 'an older version buried it',
    }));
    await lab().queue.send([commandOf(command.queue, 'old', { id: `${command.type}/old`, n: 1 })]);
    await eventually(async () => expect(await lab().queue.deadLetters(command.queue)).toHaveLength(1));
    await burying.stop();
    const office = lab().office(command);
    const [letter] = await office.letters();
    expect(letter).toMatchObject({ messageId: 'old', reason: 'an older version buried it', correlationId: 'c-old' });
    expect(await lab().queue.deadLetters(command.queue)).toEqual([]);
    await lab().service(command, ({ data }, tx): Promise<Outcome> => lab().add(tx, data));
    expect(await office.redrive([letter?.id ?? 0], WAIT_MS)).toEqual([{ letter: letter?.id, outcome: 'handled' }]);
    await lab().expectEffects(command, ['old']);
  });

  it('refuses to send to a queue that no handler of this version takes from, by name', async () => {
    const { office, letter } = await refusedOne(lab());
    const id = await letter();
    const other = lab().office(lab().newCommand(), () => done());
    expect(await other.redrive([id], 0)).toMatchObject([
      {
        letter: id,
        outcome: 'refused',
        failure: { code: 'unknown-queue', reason: expect.stringContaining('No handler of sums') as string },
      },
    ]);
    expect(await office.letters()).toHaveLength(1);
  });
}
