import { eventually } from '@roofshot/testing/eventually';
import { done, on, onBatch, reject, skip, TryAgain, type EventBatch, type Handler, type Tx } from '../handlers.ts';
import { Added, DomainError, rawEvent, type Amounts, type DeliveryLab } from './delivery-lab.ts';

const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
type Lab = () => DeliveryLab;

/** A handler that cannot bear a unit's amount 3 until it is mended; as `on` and as `onBatch`. */
const FRAGILE: readonly [string, (lab: DeliveryLab, topic: Amounts, state: { mended: boolean }) => Handler][] = [
  [
    'on',
    (lab, topic, state) =>
      on(topic, {
        'amount.added': async (event, tx) => {
          if (event.data.unit === 'bad' && event.data.n === 3 && !state.mended) throw new Error('cannot bear 3');
          await lab.foldOne(event, tx);
          return done();
        },
      }),
  ],
  [
    'onBatch',
    (lab, topic, state) =>
      onBatch(topic, async (batch, tx) => {
        await lab.fold(batch, tx);
        if (!state.mended && batch.events.some(({ data }) => data.unit === 'bad' && data.n === 3)) throw new Error('cannot bear 3');
      }),
  ],
];

/** What is done with messages that cannot be handled. */
export function poison(lab: Lab): void {
  describe.each(FRAGILE)('%s', (_, fragile) => {
    it('parks the key of a bad message, lets all others flow, and redrives the key in order', async () => {
      const topic = await lab().newTopic();
      const state = { mended: false };
      const service = await lab().process([fragile(lab(), topic, state)]);
      const units = ['bad', ...count(9).map((n) => `good-${n}`)];
      await lab().add(
        topic,
        count(8).flatMap((n) => units.map((unit) => [unit, n] as const)),
      );
      const sum = { ...Object.fromEntries(units.map((unit) => [unit, 28])), bad: 0 + 1 + 2 };
      await eventually(async () => expect(await lab().totals(topic)).toEqual(sum));
      expect(await service.redrive.parkedKeys(topic.name)).toMatchObject([{ key: 'bad', reason: 'Error: cannot bear 3', messages: 5 }]);

      const early = await service.redrive.key(topic.name, 'bad');
      expect(early).toMatchObject({ handled: 0, released: false, failure: { reason: 'Error: cannot bear 3', code: 'Error' } });

      state.mended = true;
      await lab().add(topic, [['bad', 8]]); // still behind the parked ones
      await eventually(async () => expect(await service.redrive.parkedKeys(topic.name)).toMatchObject([{ messages: 6 }]));
      expect(await service.redrive.key(topic.name, 'bad')).toEqual({ handled: 6, released: true });
      await lab().add(topic, [['bad', 9]]);
      await eventually(async () => expect(await lab().seen(topic, 'bad')).toEqual(count(10)));
      expect(await service.redrive.parkedKeys(topic.name)).toEqual([]);
      await expect(service.redrive.key(topic.name, 'bad')).rejects.toThrow('is not parked');
      await lab().stop(service);
    });
  });

  it('keeps the order of a key that is redriven while its records keep coming', async () => {
    const topic = await lab().newTopic();
    const state = { mended: false };
    const service = await lab().process([FRAGILE[1]![1](lab(), topic, state)]);
    await lab().add(
      topic,
      count(10).map((n) => ['bad', n]),
    );
    await eventually(async () => expect(await service.redrive.parkedKeys(topic.name)).toHaveLength(1));
    state.mended = true;
    const writing = (async () => {
      for (const n of count(60)) await lab().add(topic, [['bad', 10 + n]]);
    })();
    expect(await service.redrive.key(topic.name, 'bad')).toMatchObject({ released: true });
    await writing;
    await eventually(async () => expect(await lab().seen(topic, 'bad')).toEqual(count(70)));
    await lab().stop(service);
  });

  it('tries a whole batch again before it blames a message', async () => {
    const topic = await lab().newTopic();
    let tries = 0;
    const flaky = async (batch: EventBatch, tx: Tx): Promise<void> => {
      await lab().fold(batch, tx);
      if ((tries += 1) < 3) throw new Error('flaky');
    };
    const service = await lab().process([onBatch(topic, flaky)]);
    await lab().add(topic, [
      ['a', 1],
      ['a', 2],
    ]);
    await eventually(async () => expect(await lab().totals(topic)).toEqual({ a: 3 }));
    expect(await service.redrive.parkedKeys(topic.name)).toEqual([]);
    expect(tries).toBe(3);
    await lab().stop(service);
  });

  it('waits for what is away for the moment, and parks nothing', async () => {
    const topic = await lab().newTopic();
    let tries = 0;
    const service = await lab().process([
      on(topic, {
        'amount.added': async (event, tx) => {
          if ((tries += 1) <= 6) throw new TryAgain('the model server is away');
          await lab().foldOne(event, tx);
          return done();
        },
      }),
    ]);
    await lab().add(topic, [['a', 1]]);
    await eventually(async () => expect(await lab().totals(topic)).toEqual({ a: 1 }), { deadlineMs: 20_000 });
    expect(await service.redrive.parkedKeys(topic.name)).toEqual([]);
    await lab().stop(service);
  }, 30_000);

  it('stops instead when more keys would be parked than bad messages explain', async () => {
    const topic = await lab().newTopic();
    const service = await lab().process([
      onBatch(topic, () => {
        throw new Error('typing error in the new release');
      }),
    ]);
    await lab().add(
      topic,
      count(300).map((n) => [`unit-${n}`, n]),
    );
    await eventually(() => expect(service.waitingFor()).toHaveLength(2), { deadlineMs: 30_000 });
    expect(service.waitingFor()[0]).toMatch(
      /stands still: \d+ of its keys were parked .* typing error in the new release.*redrive the parked keys/,
    );
    expect((await service.redrive.parkedKeys(topic.name, 1_000)).length).toBeLessThanOrEqual(100);
    expect(service.healthy()).toBe(true); // a restart would not help
    await lab().stop(service);
  }, 60_000);
}

/** What goes to the dead letters at once. */
export function deadLetters(lab: Lab): void {
  it('refused events go there with the reason, without their writes, and their key flows on', async () => {
    const topic = await lab().newTopic();
    let strict = true;
    const service = await lab().process([
      on(topic, {
        'amount.added': async (event, tx) => {
          if (strict && event.data.n === 1) return reject('one is not enough');
          await lab().foldOne(event, tx);
          if (strict && event.data.n === 2) return reject('two is too many');
          if (strict && event.data.n === 3) throw new DomainError('three is against the rules');
          return event.data.n === 4 ? skip('four is known') : done();
        },
      }),
    ]);
    await lab().add(
      topic,
      count(8).map((n) => ['a', n]),
    );
    await eventually(async () => expect(await lab().seen(topic, 'a')).toEqual([0, 4, 5, 6, 7]));
    const letters = await service.redrive.deadLetters(topic.name);
    expect(letters.map(({ key, reason }) => [key, reason])).toEqual([
      ['a', 'one is not enough'],
      ['a', 'two is too many'],
      ['a', 'three is against the rules'],
    ]);
    const [first, second] = letters;
    const again = await service.redrive.deadLetter(first?.id ?? 0);
    expect(again).toEqual({ outcome: 'refused', failure: { reason: 'one is not enough', code: 'rejected' } });
    strict = false;
    expect(await service.redrive.deadLetter(second?.id ?? 0)).toEqual({ outcome: 'handled' });
    expect(await lab().seen(topic, 'a')).toEqual([0, 4, 5, 6, 7, 2]);
    expect(await service.redrive.deadLetters(topic.name)).toHaveLength(2);
    expect(await service.redrive.deadLetter(second?.id ?? 0)).toEqual({ outcome: 'gone' });
    await lab().stop(service);
  });

  it('a domain error of a batch refuses the one event that causes it', async () => {
    const topic = await lab().newTopic();
    const service = await lab().process([
      onBatch(topic, async (batch, tx) => {
        await lab().fold(batch, tx);
        if (batch.events.some(({ data }) => data.n === 5)) throw new DomainError('five is out');
      }),
    ]);
    await lab().add(
      topic,
      count(12).map((n) => ['a', n]),
    );
    await eventually(async () => expect(await lab().seen(topic, 'a')).toEqual(count(12).filter((n) => n !== 5)));
    expect(await service.redrive.deadLetters(topic.name)).toMatchObject([{ reason: 'five is out' }]);
    expect(await service.redrive.parkedKeys(topic.name)).toEqual([]);
    await lab().stop(service);
  });

  it('what cannot be read or breaks its contract goes there, and the partition flows on', async () => {
    const topic = await lab().newTopic();
    const service = await lab().process([onBatch(topic, lab().fold)]);
    const good = rawEvent(topic.name, 'a', { unit: 'a', n: 1 });
    const { ce_id, ...headers } = good.headers;
    await lab().bus.publish([
      good,
      { ...good, value: '{"unit":' },
      { ...good, headers },
      { ...good, headers: { ...headers, ce_id: ce_id ?? '', ce_specversion: '0.3' } },
      rawEvent(topic.name, 'a', { unit: 'a', n: 'many' }),
      rawEvent(topic.name, 'a', { unit: 'a', n: 1 }, 'amount.unheard-of'),
      good,
    ]);
    await eventually(async () => expect(await lab().totals(topic)).toEqual({ a: 2 }));
    const reasons = (await service.redrive.deadLetters(topic.name)).map(({ reason }) => reason);
    expect(reasons).toEqual([
      expect.stringContaining('no JSON'),
      expect.stringContaining('ce_id missing'),
      expect.stringContaining('specversion is "0.3"'),
      expect.stringContaining('/n must be integer'),
      expect.stringContaining('no event type amount.unheard-of'),
    ]);
    await lab().stop(service);
  });

  it('a faulty message of the handler itself fails the handler, naming the field, and nothing is sent', async () => {
    const topic = await lab().newTopic();
    const out = await lab().newTopic();
    const service = await lab().process([
      on(topic, {
        'amount.added': (event, tx) => {
          tx.publish(out, [{ type: Added.type, data: { unit: event.data.unit, n: 0.5 } }]);
          return done();
        },
      }),
    ]);
    await lab().add(topic, [['a', 1]]);
    await eventually(async () => expect(await service.redrive.parkedKeys(topic.name)).toHaveLength(1));
    const [parked] = await service.redrive.parkedKeys(topic.name);
    expect(parked?.reason).toContain('The event amount.added for');
    expect(parked?.reason).toContain('/n must be integer');
    expect(await lab().records(out)).toEqual([]);
    await lab().stop(service);
  });
}
