import { defineTopicFamily } from '@roofshot/contracts/define';
import { eventually } from '@roofshot/testing/eventually';
import type { CommandQueue } from '../commands/queue.ts';
import type { EventBus } from '../events/bus.ts';
import { specOf } from '../events/log-lab.ts';
import { startPostgresLab } from '../events/postgres-lab.ts';
import { done, follow, on, onBatch, TryAgain } from '../handlers.ts';
import { DeliveryLab, rawEvent } from './delivery-lab.ts';
import { ServiceConsumption } from './service-consumption.ts';

describe('all that a service hears on the log', () => {
  let lab: DeliveryLab;
  beforeAll(async () => {
    lab = await DeliveryLab.start(await startPostgresLab());
  });
  afterAll(() => lab.close());

  describe('what it follows', () => {
    it('is folded from its start in every process, which is ready when it has caught up', async () => {
      const topic = await lab.newTopic();
      await lab.add(topic, [
        ['a', 1],
        ['a', 2],
        ['b', 3],
      ]);
      const totals = [new Map<string, number>(), new Map<string, number>()];
      const processes = await Promise.all(
        totals.map((total) =>
          lab.process([follow(topic, { 'amount.added': ({ data }) => void total.set(data.unit, (total.get(data.unit) ?? 0) + data.n) })]),
        ),
      );
      await eventually(() => processes.every((process) => process.waitingFor().length === 0));
      const expected = [
        ['a', 3],
        ['b', 3],
      ];
      for (const total of totals) expect([...total].sort()).toEqual(expected);
      await lab.add(topic, [['b', 4]]);
      await eventually(() => totals.every((total) => total.get('b') === 7));
      await Promise.all(processes.map((process) => lab.stop(process)));
    });

    it('is not ready before it has caught up, and says how far it is', async () => {
      const topic = await lab.newTopic();
      await lab.add(topic, [
        ['a', 1],
        ['a', 2],
      ]);
      let release: () => void = () => undefined;
      const gate = new Promise<void>((resolve) => (release = resolve));
      const process = await lab.process([follow(topic, { 'amount.added': () => gate })]);
      await eventually(() => expect(process.waitingFor()).toEqual(['Reading what it follows from the start: 2 records to go.']));
      release();
      await eventually(() => process.waitingFor().length === 0);
      await lab.stop(process);
    });

    it('folds no event twice when a later one fails for a moment, and leaves out what cannot be read', async () => {
      const topic = await lab.newTopic();
      const seen: number[] = [];
      let failures = 0;
      const process = await lab.process([
        follow(topic, {
          'amount.added': ({ data }) => {
            if (data.n === 2 && (failures += 1) < 3) throw new Error('not yet');
            seen.push(data.n);
          },
        }),
      ]);
      await lab.bus.publish([1, 'broken', 2, 3].map((n) => rawEvent(topic.name, 'a', { unit: 'a', n })));
      await eventually(() => expect(seen).toEqual([1, 2, 3]));
      await lab.stop(process);
    });

    it('stops and is not ready when an event cannot be folded, because its memory would differ from the log', async () => {
      const topic = await lab.newTopic();
      const process = await lab.process([
        follow(topic, {
          'amount.added': () => {
            throw new Error('typing error');
          },
        }),
      ]);
      await lab.add(topic, [['a', 1]]);
      await eventually(() =>
        expect(process.waitingFor()[0]).toMatch(/Following .* stands still at offset 0 .* typing error.*restart the service/),
      );
      await lab.stop(process);
    });
  });

  it('reads a family of topics, and what is added to it, without checking the events again', async () => {
    const prefix = `own-${Date.now()}.`;
    const family = defineTopicFamily(prefix, { owner: 'tests', retentionDays: 'forever', public: true, description: 'Anything.' });
    const types: string[] = [];
    const process = await lab.process([
      onBatch(family, ({ events }) => {
        types.push(...events.map(({ type }) => type));
        return Promise.resolve();
      }),
    ]);
    await lab.bus.ensureTopics([specOf(`${prefix}clicked`)]);
    await lab.bus.publish([rawEvent(`${prefix}clicked`, 'a', { whatever: true }, 'clicked')]);
    await eventually(() => expect(types).toEqual(['clicked']));
    await lab.stop(process);
  });

  it('stops a partition whose topic was deleted and made again, instead of counting in the wrong log', async () => {
    const topic = await lab.newTopic();
    const first = await lab.process([onBatch(topic, lab.fold)]);
    await lab.add(topic, [['a', 1]]);
    await eventually(async () => expect(await lab.totals(topic)).toEqual({ a: 1 }));
    await lab.stop(first);
    await lab.sql.query('DELETE FROM messaging.topics WHERE name = $1', [topic.name]);
    await lab.bus.ensureTopics([specOf(topic.name)]);
    await lab.add(topic, [['a', 10]]);
    const second = await lab.process([onBatch(topic, lab.fold)]);
    await eventually(() => expect(second.waitingFor().join()).toMatch(/was deleted and made again .* reset the position/));
    expect(await lab.totals(topic)).toEqual({ a: 1 });
    await lab.stop(second);
  });

  it('reports position, end and lag of each partition, and is healthy while it idles', async () => {
    const topic = await lab.newTopic();
    const process = await lab.process([onBatch(topic, lab.fold)]);
    await lab.bus.publish([{ ...rawEvent(topic.name, 'a', { unit: 'a', n: 1 }), partition: 1 }]);
    await eventually(() => {
      const reports = [...process.describe()].sort((a, b) => a.partition - b.partition);
      expect(reports).toMatchObject([
        { topic: topic.name, partition: 0, position: 0, end: 0, lag: 0, mode: 'group' },
        { topic: topic.name, partition: 1, position: 1, end: 1, lag: 0, mode: 'group' },
      ]);
    });
    expect(process.healthy()).toBe(true);
    await lab.stop(process);
  });

  it('is unhealthy when a partition has lag and made no progress for a minute', async () => {
    const topic = await lab.newTopic();
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const process = await lab.process([onBatch(topic, () => gate)]);
    await lab.add(topic, [['a', 1]]);
    await eventually(() => process.describe().some(({ lag }) => lag > 0));
    expect(process.healthy()).toBe(true);
    expect(process.healthy(Date.now() + 59_000)).toBe(true);
    expect(process.healthy(Date.now() + 61_000)).toBe(false);
    release();
    await lab.stop(process);
  });

  it('is neither healthy nor ready when a partition fails for longer than a minute, and says which, where and why', async () => {
    const topic = await lab.newTopic();
    const process = await lab.process([onBatch(topic, () => Promise.reject(new TryAgain('the other side is away')))]);
    await lab.add(topic, [['a', 1]]);
    await eventually(() =>
      expect(process.describe()).toContainEqual(
        expect.objectContaining({ failure: expect.stringContaining('the other side is away') as string, lag: 1 }),
      ),
    );
    const partition = process.describe().find(({ lag }) => lag > 0)?.partition;
    expect(process.waitingFor()).toEqual([]);
    const later = Date.now() + 61_000;
    expect(process.healthy(later)).toBe(false);
    expect(process.waitingFor(later)).toEqual([
      expect.stringMatching(
        new RegExp(`Partition ${partition} of "${topic.name}" has stood still at 0 .* 1 records to go.* the other side is away`),
      ),
    ]);
    await lab.stop(process);
  });

  it('is healthy when it is the log that is away: a restart would not bring it back', async () => {
    const topic = await lab.newTopic();
    const troubles: string[] = [];
    const bus: Pick<EventBus, 'consume' | 'waitingFor'> = { consume: (options) => lab.bus.consume(options), waitingFor: () => troubles };
    const gate = Promise.withResolvers<void>();
    const process = new ServiceConsumption({ ...lab.setup(), bus: bus as EventBus }, [onBatch(topic, () => gate.promise)]);
    await process.start();
    await lab.add(topic, [['a', 1]]);
    await eventually(() => process.describe().some(({ lag }) => lag > 0));
    troubles.push('The log does not answer.');
    expect(process.healthy(Date.now() + 61_000)).toBe(true);
    troubles.pop();
    expect(process.healthy(Date.now() + 61_000)).toBe(false);
    gate.resolve();
    await process.stop();
  });

  it('is healthy, but not ready, when a partition stands still while the queues are away', async () => {
    const topic = await lab.newTopic();
    const troubles: string[] = [];
    const gate = Promise.withResolvers<void>();
    const queue = { waitingFor: () => troubles } as unknown as CommandQueue;
    const process = new ServiceConsumption({ ...lab.setup(), queue }, [onBatch(topic, () => gate.promise)]);
    await process.start();
    await lab.add(topic, [['a', 1]]);
    await eventually(() => process.describe().some(({ lag }) => lag > 0));
    const later = Date.now() + 61_000;
    expect(process.healthy(later)).toBe(false);
    troubles.push('The queues do not answer.');
    expect(process.healthy(later)).toBe(true);
    expect(process.waitingFor(later)).toEqual([expect.stringContaining('has stood still at 0')]);
    gate.resolve();
    await process.stop();
  });

  it('has one handler for each topic', async () => {
    const topic = await lab.newTopic();
    const one = on(topic, { 'amount.added': () => done() });
    expect(() => new ServiceConsumption(lab.setup(), [one, onBatch(topic, lab.fold)])).toThrow(/handlers of sums read .* twice/);
    const family = defineTopicFamily('amounts-', { owner: 'tests', retentionDays: 'forever', public: true, description: 'Anything.' });
    expect(() => new ServiceConsumption(lab.setup(), [one, onBatch(family, lab.fold)])).toThrow('also by "amounts-*"');
    expect(() => new ServiceConsumption(lab.setup(), [one, follow(topic, { 'amount.added': 'ignore' })])).not.toThrow();
  });
});
