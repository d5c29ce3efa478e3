import { randomUUID } from 'node:crypto';
import { audit } from '@roofshot/contracts/audit';
import { eventually } from '@roofshot/testing/eventually';
import { readAll } from '../events/conformance-lab.ts';
import { specOf } from '../events/log-lab.ts';
import { done, on, type Handler } from '../handlers.ts';
import { DeadLetterOffice } from './dead-letter-office.ts';
import { DomainError, rawEvent, type Amounts, type DeliveryLab } from './delivery-lab.ts';

type Lab = () => DeliveryLab;
const ALL = { after: 0, limit: 100 };

/** What the handler of these tests cannot bear: amounts that it refuses as a broken rule, and one that it fails on. */
interface Mood {
  refused: readonly number[];
  failing: number | undefined;
  runs: number;
}

function moody(lab: DeliveryLab, topic: Amounts, mood: Mood): Handler {
  return on(topic, {
    'amount.added': async (event, tx) => {
      mood.runs += 1;
      const { n } = event.data;
      if (mood.refused.includes(n)) throw Object.assign(new DomainError(`${n} is against the rules`), { code: 'bad-amount' });
      if (n === mood.failing) throw new RangeError(`cannot bear ${n}`, { cause: new Error('the deeper reason') });
      await lab.foldOne(event, tx);
      return done();
    },
  });
}

interface Scene {
  readonly topic: Amounts;
  readonly mood: Mood;
  readonly office: DeadLetterOffice;
  readonly add: (unit: string, ...amounts: readonly number[]) => Promise<void>;
  readonly letters: () => Promise<Awaited<ReturnType<DeadLetterOffice['find']>>>;
  readonly stop: () => Promise<void>;
}

async function play(lab: DeliveryLab, mood: Partial<Mood>): Promise<Scene> {
  const topic = await lab.newTopic();
  const whole: Mood = { refused: [], failing: undefined, runs: 0, ...mood };
  const handlers = [moody(lab, topic, whole)];
  const service = await lab.process(handlers);
  const office = new DeadLetterOffice(lab.setup(), handlers);
  return {
    topic,
    mood: whole,
    office,
    add: (unit, ...amounts) =>
      lab.add(
        topic,
        amounts.map((n) => [unit, n]),
      ),
    letters: () => office.find({ topic: topic.name }, ALL),
    stop: () => lab.stop(service),
  };
}

/** What a service's operators can do with events that were put aside. */
export function eventLetters(lab: Lab): void {
  describe('dead letters', () => refusals(lab));
  describe('parked keys', () => parkings(lab));
}

function refusals(lab: Lab): void {
  it('tell where they come from, which event it was, why with the stack, and when', async () => {
    const { topic, office, letters, stop } = await play(lab(), { refused: [1] });
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const event = rawEvent(topic.name, 'u', { unit: 'u', n: 1 });
    const begun = Date.now();
    await lab().bus.publish([
      { ...event, headers: { ...event.headers, ce_id: 'e-1', ce_correlationid: 'order-7', ce_traceparent: traceparent } },
      { ...event, value: 'no JSON' },
    ]);
    await eventually(async () => expect((await letters()).letters).toHaveLength(2));
    const found = await letters();
    const [refused, unreadable] = found.letters;
    expect(refused).toMatchObject({
      kind: 'event',
      group: 'sums',
      topic: topic.name,
      key: 'u',
      messageId: 'e-1',
      type: 'amount.added',
      correlationId: 'order-7',
      traceparent,
      reason: '1 is against the rules',
      code: 'bad-amount',
      stack: expect.stringContaining('event-letters.conformance') as string,
      attempts: 1,
      redrivenAt: null,
    });
    expect(refused?.offset).toBeGreaterThanOrEqual(0);
    expect(refused?.firstFailedAt.getTime()).toBeGreaterThan(begun - 5_000);
    expect(unreadable).toMatchObject({ code: 'unreadable', stack: null, type: 'amount.added' });
    expect(found.counts).toEqual([
      { kind: 'event', type: 'amount.added', error: 'bad-amount', letters: 1 },
      { kind: 'event', type: 'amount.added', error: 'unreadable', letters: 1 },
    ]);
    expect(await letters()).toEqual(found); // looking changes nothing
    const onlyUnreadable = await office.find({ topic: topic.name, error: 'unreadable' }, ALL);
    expect(onlyUnreadable.letters.map(({ id }) => id)).toEqual([unreadable?.id]);
    expect((await office.find({ topic: topic.name, kind: 'command' }, ALL)).letters).toEqual([]);
    expect((await office.find({ topic: topic.name, since: Date.now() + 60_000 }, ALL)).letters).toEqual([]);
    expect((await office.find({ topic: topic.name }, { after: refused?.id ?? 0, limit: 1 })).letters).toEqual([unreadable]);
    await stop();
  });

  it('are handled again in the order of their key, and what is refused again stays the same letter, with its new failure', async () => {
    const { topic, mood, office, add, letters, stop } = await play(lab(), { refused: [1, 2, 3] });
    await add('a', 1, 2, 3);
    await add('b', 1);
    await eventually(async () => expect((await letters()).letters).toHaveLength(4));
    const before = (await letters()).letters;
    const [a1, a2, a3] = before.filter(({ key }) => key === 'a').map(({ id }) => id);
    const [b1] = before.filter(({ key }) => key === 'b').map(({ id }) => id);
    if (a1 === undefined || a2 === undefined || a3 === undefined || b1 === undefined) throw new Error('Four letters were expected.');

    mood.refused = [];
    mood.failing = 2;
    const outcomes = await office.redrive([a3, b1, 999_999_999, a2, a1], 0);
    expect(outcomes).toMatchObject([
      { letter: a3, outcome: 'held-back' },
      { letter: b1, outcome: 'handled' },
      { letter: 999_999_999, outcome: 'gone' },
      { letter: a2, outcome: 'refused', failure: { reason: 'RangeError: cannot bear 2', code: 'RangeError' } },
      { letter: a1, outcome: 'handled' },
    ]);
    expect([await lab().seen(topic, 'a'), await lab().seen(topic, 'b')]).toEqual([[1], [1]]);
    const after = (await letters()).letters;
    expect(after.map(({ id }) => id)).toEqual([a2, a3]);
    expect(after[0]).toMatchObject({ reason: 'RangeError: cannot bear 2', code: 'RangeError', attempts: 2 });
    expect(after[0]?.stack).toContain('caused by: Error: the deeper reason');
    expect(after[0]?.firstFailedAt).toEqual(before.find(({ id }) => id === a2)?.firstFailedAt);

    mood.failing = undefined;
    expect((await office.redrive([a3, a2], 0)).map(({ outcome }) => outcome)).toEqual(['handled', 'handled']);
    expect(await lab().seen(topic, 'a')).toEqual([1, 2, 3]);
    expect((await office.redrive([a2], 0)).map(({ outcome }) => outcome)).toEqual(['gone']);
    await stop();
  });

  it('are only told of by a dry run: no handler runs and nothing changes', async () => {
    const { topic, mood, office, add, letters, stop } = await play(lab(), { refused: [1] });
    await add('a', 1);
    await eventually(async () => expect((await letters()).letters).toHaveLength(1)); // what an outbox carries may be overtaken
    await lab().bus.publish([rawEvent(topic.name, 'a', { unit: 'a', n: 'many' })]);
    await eventually(async () => expect((await letters()).letters).toHaveLength(2));
    const before = await letters();
    const { runs } = mood;
    const ids = before.letters.map(({ id }) => id);
    expect(await office.tryRedrive(ids)).toMatchObject([
      { outcome: 'would-redrive' },
      { outcome: 'would-be-refused', failure: { code: 'contract' } },
    ]);
    expect((await office.tryPurge([...ids, 999_999_999])).map(({ outcome }) => outcome)).toEqual(['would-purge', 'would-purge', 'gone']);
    expect(await letters()).toEqual(before);
    expect(mood.runs).toBe(runs);
    await stop();
  });

  it('are thrown away with a record of the audit', async () => {
    await lab().bus.ensureTopics([specOf(audit.name)]);
    const { office, add, letters, stop } = await play(lab(), { refused: [1] });
    await add('a', 1);
    await eventually(async () => expect((await letters()).letters).toHaveLength(1));
    const [letter] = (await letters()).letters;
    const reason = `nobody needs it ${randomUUID()}`;
    const id = letter?.id ?? 0;
    expect(await office.purge([id, 999_999_999], { actor: 'ada', reason })).toEqual([
      { letter: id, outcome: 'purged' },
      { letter: 999_999_999, outcome: 'gone' },
    ]);
    expect((await letters()).letters).toEqual([]);
    await eventually(async () => {
      const said = (await readAll(lab().bus, audit.name)).filter(({ value }) => (value as { reason: string }).reason === reason);
      expect(said.map(({ value }) => value)).toMatchObject([
        { actor: 'ada', action: 'purge', target: `DeadLetter/sums:${id}`, detail: { messageId: letter?.messageId, error: 'bad-amount' } },
      ]);
    });
    await stop();
  });
}

function parkings(lab: Lab): void {
  it('show the event behind which they wait, flow again when it can be handled, and show its new failure when it cannot', async () => {
    const { topic, mood, office, add, stop } = await play(lab(), { failing: 1 });
    await add('a', 1, 2, 3);
    const parked = async (): Promise<Awaited<ReturnType<typeof office.parkedKeys>>> => office.parkedKeys({ topic: topic.name, limit: 10 });
    await eventually(async () => expect(await parked()).toMatchObject([{ key: 'a', messages: 3 }]));
    const [first] = await parked();
    expect(first).toMatchObject({ topic: topic.name, reason: 'RangeError: cannot bear 1', code: 'RangeError' });
    expect(first?.attempts).toBeGreaterThanOrEqual(3);
    expect(first?.stack).toContain('caused by: Error: the deeper reason');
    expect(JSON.parse(first?.message ?? '{}')).toMatchObject({ offset: first?.offset, value: '{"unit":"a","n":1}' });

    mood.failing = 2;
    expect(await office.redriveKeys([{ topic: topic.name, key: 'a' }])).toMatchObject([
      { key: 'a', outcome: 'refused', handled: 1, failure: { reason: 'RangeError: cannot bear 2' } },
    ]);
    expect(await parked()).toMatchObject([{ messages: 2, reason: 'RangeError: cannot bear 2' }]);

    mood.failing = undefined;
    expect(await office.redriveKeys([{ topic: topic.name, key: 'a' }])).toEqual([
      { topic: topic.name, key: 'a', outcome: 'flows', handled: 2 },
    ]);
    expect(await lab().seen(topic, 'a')).toEqual([1, 2, 3]);
    expect(await office.redriveKeys([{ topic: topic.name, key: 'a' }])).toMatchObject([{ outcome: 'gone' }]);
    await stop();
  });

  it('can lose the event behind which they wait, and only that one: the others are handled, and the audit knows', async () => {
    await lab().bus.ensureTopics([specOf(audit.name)]);
    const { topic, office, add, stop } = await play(lab(), { failing: 1 });
    await add('a', 1, 2, 3);
    await eventually(async () => expect(await office.parkedKeys({ topic: topic.name, limit: 10 })).toMatchObject([{ messages: 3 }]));
    const [{ partition, offset } = { partition: 0, offset: 0 }] = await office.parkedKeys({ topic: topic.name, limit: 10 });
    const reason = `poison ${randomUUID()}`;
    const head = { topic: topic.name, key: 'a', partition: partition ?? 0, offset: offset ?? 0 };
    expect(await office.skipHeads([{ ...head, offset: head.offset + 1 }], { actor: 'ada', reason })).toMatchObject([
      { outcome: 'moved-on' },
    ]);
    expect(await office.skipHeads([head], { actor: 'ada', reason })).toMatchObject([{ key: 'a', outcome: 'flows', handled: 2 }]);
    expect(await lab().seen(topic, 'a')).toEqual([2, 3]);
    await eventually(async () => {
      const said = (await readAll(lab().bus, audit.name)).filter(({ value }) => (value as { reason: string }).reason === reason);
      expect(said.map(({ value }) => value)).toMatchObject([
        { actor: 'ada', action: 'purge', detail: { topic: topic.name, offset: head.offset } },
      ]);
    });
    await add('a', 4);
    await eventually(async () => expect(await lab().seen(topic, 'a')).toEqual([2, 3, 4]));
    await stop();
  });
}
