import { eventually } from '@roofshot/testing/eventually';
import type { TopicPartition } from './bus.ts';
import { count, newTopic, type Context } from './conformance-lab.ts';
import { freshTopic, MemoryReader, nameOf, recordOf, specOf } from './log-lab.ts';

export function consuming(context: Context): void {
  it('reads from the position that the reader holds, also what is published while it reads', async () => {
    const topic = await newTopic(context);
    await context.bus().publish(count(5).map((n) => ({ ...recordOf(topic, 'k', n), partition: 0 })));
    const reader = new MemoryReader([[`${topic}/0`, 3]]);
    const consumption = await context.bus().consume({ group: freshTopic('group'), topics: [topic], reader });
    await consumption.caughtUp();
    expect(reader.values).toEqual([3, 4]);
    await context.bus().publish(count(5).map((n) => ({ ...recordOf(topic, 'k', n + 5), partition: 0 })));
    await eventually(() => expect(reader.values).toEqual([3, 4, 5, 6, 7, 8, 9]));
    await consumption.stop();
  });

  it('hands out batches of at most the asked size, one at a time per partition', async () => {
    const topic = await newTopic(context);
    await context.bus().publish(count(100).map((n) => recordOf(topic, `k${n % 10}`, n)));
    const running = new Map<string, number>();
    const sizes: number[] = [];
    const reader = new MemoryReader();
    reader.beforeRead = async (records) => {
      const name = nameOf(records[0] as TopicPartition);
      expect(running.get(name) ?? 0).toBe(0);
      running.set(name, 1);
      sizes.push(records.length);
      await context.lab().sql.query('SELECT pg_sleep(0.002)');
      running.set(name, 0);
    };
    const consumption = await context.bus().consume({ group: null, topics: [topic], reader, maxBatch: 8 });
    await consumption.caughtUp();
    await consumption.stop();
    expect(reader.records).toHaveLength(100);
    expect(Math.max(...sizes)).toBe(8);
  });

  it('tries a failed batch again and lets other partitions flow meanwhile', async () => {
    const topic = await newTopic(context);
    const reader = new MemoryReader();
    let failures = 0;
    reader.beforeRead = ([first]) => {
      if (first?.partition === 0 && (failures += 1) <= 3) throw new Error('not now');
    };
    const consumption = await context.bus().consume({ group: null, topics: [topic], reader });
    await context.bus().publish([0, 1].flatMap((partition) => count(3).map((n) => ({ ...recordOf(topic, 'k', n), partition }))));
    await eventually(() => expect(reader.records.filter(({ partition }) => partition === 1)).toHaveLength(3));
    await consumption.caughtUp();
    expect(reader.records.filter(({ partition }) => partition === 0).map(({ value }) => value)).toEqual(['0', '1', '2']);
    expect(reader.claims.filter(({ partition }) => partition === 0)).toHaveLength(4);
    await consumption.stop();
  });

  it('is not held up by a partition that stands still', async () => {
    const topic = await newTopic(context);
    const reader = new MemoryReader();
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    reader.beforeRead = ([first]) => (first?.partition === 0 ? held : undefined);
    const consumption = await context.bus().consume({ group: null, topics: [topic], reader });
    await context.bus().publish([{ ...recordOf(topic, 'k', 'slow'), partition: 0 }]);
    for (const n of count(20)) {
      await context.bus().publish([{ ...recordOf(topic, 'k', n), partition: 1 }]);
      await eventually(() => reader.records.length === n + 1);
    }
    release();
    await consumption.caughtUp();
    expect(reader.records).toHaveLength(21);
    await consumption.stop();
  });

  it('picks up a topic that is created later under its prefix, by another process', async () => {
    const prefix = `${freshTopic('later')}.`;
    const reader = new MemoryReader();
    const consumption = await context.bus().consume({ group: freshTopic('group'), topics: { prefix }, reader });
    const other = await context.lab().open();
    await other.ensureTopics([specOf(`${prefix}born`)]);
    await other.publish([recordOf(`${prefix}born`, 'k', 'first')]);
    await eventually(() => expect(reader.values).toEqual(['first']));
    await consumption.stop();
  });

  it('tells the reader when it has arrived at the end, with the position', async () => {
    const topic = await newTopic(context);
    const reader = new MemoryReader();
    const consumption = await context.bus().consume({ group: null, topics: [topic], reader });
    await context.bus().publish([{ ...recordOf(topic, 'k', 1), partition: 0 }]);
    await eventually(() => expect(reader.arrivals).toContainEqual({ partition: expect.objectContaining({ partition: 0 }), position: 1 }));
    await consumption.stop();
  });

  it('reports position, end and the moment of progress of each partition', async () => {
    const topic = await newTopic(context);
    const reader = new MemoryReader();
    reader.beforeRead = ([first]) => {
      if (first?.partition === 1) throw new Error('broken');
    };
    const since = Date.now();
    const consumption = await context.bus().consume({ group: null, topics: [topic], reader });
    await context.bus().publish([0, 1].map((partition) => ({ ...recordOf(topic, 'k', 1), partition })));
    await eventually(() => {
      const [first, second] = [...consumption.health()].sort((a, b) => a.partition - b.partition);
      expect(first).toMatchObject({ topic, partition: 0, position: 1, end: 1 });
      expect(second).toMatchObject({ topic, partition: 1, position: 0, end: 1 });
      expect(first?.progressedAt).toBeGreaterThanOrEqual(since);
    });
    await consumption.stop();
  });
}

export function groups(context: Context): void {
  it('give each group and each groupless reader a copy of everything', async () => {
    const topic = await newTopic(context);
    await context.bus().publish(count(50).map((n) => recordOf(topic, `k${n}`, n)));
    const readers = [new MemoryReader(), new MemoryReader(), new MemoryReader()];
    const names = [freshTopic('group'), freshTopic('group'), null];
    const consumptions = await Promise.all(
      readers.map((reader, i) => context.bus().consume({ group: names[i] ?? null, topics: [topic], reader })),
    );
    await Promise.all(consumptions.map((consumption) => consumption.caughtUp()));
    for (const reader of readers) expect([...reader.values].sort()).toEqual(count(50).sort());
    await Promise.all(consumptions.map((consumption) => consumption.stop()));
  });

  it('share the partitions among their members, and pass them on when one leaves', async () => {
    const topic = await newTopic(context);
    const group = freshTopic('group');
    const readers = [new MemoryReader(), new MemoryReader()] as const;
    const first = await context.bus().consume({ group, topics: [topic], reader: readers[0] });
    await eventually(() => expect(first.health()).toHaveLength(2));
    const second = await (await context.lab().open()).consume({ group, topics: [topic], reader: readers[1] });
    await eventually(() => expect([first, second].map((member) => member.health().length)).toEqual([1, 1]));
    expect(readers[0].lostPartitions).toHaveLength(1);
    await first.stop();
    await eventually(() => expect(second.health()).toHaveLength(2), { deadlineMs: 10_000 });
    await second.stop();
  });

  it('let members with different subscriptions read what each subscribes to', async () => {
    const [old, added] = [await newTopic(context), await newTopic(context)];
    const group = freshTopic('group');
    const readers = [new MemoryReader(), new MemoryReader()] as const;
    const before = await context.bus().consume({ group, topics: [old], reader: readers[0] });
    const after = await (await context.lab().open()).consume({ group, topics: [old, added], reader: readers[1] });
    await eventually(() => expect([before, after].map((member) => member.health().length)).toEqual([1, 3]));
    await Promise.all([before.stop(), after.stop()]);
  });
}

export function gaps(context: Context): void {
  it('passes over what compaction has dropped, and still arrives at the end', async () => {
    const topic = await newTopic(context, { compacted: true });
    await context.bus().publish(count(2_000).map((n) => ({ ...recordOf(topic, `k${n % 3}`, n), partition: 0 })));
    await context.lab().compact(topic);
    const reader = new MemoryReader([[`${topic}/0`, 5]]);
    const consumption = await context.bus().consume({ group: null, topics: [topic], reader });
    await consumption.caughtUp();
    expect(reader.values.filter((value) => value !== null)).toEqual([1997, 1998, 1999]); // a lab may need fillers of its own
    const [bounds] = await context.bus().bounds(topic);
    expect(reader.positions.get(`${topic}/0`)).toBe(bounds?.end);
    await consumption.stop();
  });

  it.each([
    ['below the start', 0, 'dropped by retention'],
    ['above the end', 500, 'the log ends at 4'],
  ])('stops a partition whose position lies %s, and says what to do', async (_, stored, reason) => {
    const topic = await newTopic(context, { retentionMs: 60_000 });
    await context.bus().publish(count(3).map((n) => ({ ...recordOf(topic, 'k', n), partition: 0 })));
    await context.lab().expire(topic);
    await context.bus().publish([0, 1].map((partition) => ({ ...recordOf(topic, 'k', 'kept'), partition })));
    const reader = new MemoryReader([[`${topic}/0`, stored]]);
    const consumption = await context.bus().consume({ group: null, topics: [topic], reader });
    await eventually(() => {
      const stopped = consumption.health().find(({ partition }) => partition === 0)?.stopped;
      expect(stopped).toContain(reason);
      expect(stopped).toContain('Restore the log or');
    });
    await expect(consumption.caughtUp()).rejects.toThrow('stands still');
    await eventually(() => expect(reader.records.map(({ partition }) => partition)).toEqual([1])); // the other goes on
    await consumption.stop();
  });
}

export function stopping(context: Context): void {
  it('lets the running batch end and begins no other, while records keep coming', async () => {
    const topic = await newTopic(context);
    const reader = new MemoryReader();
    let reads = 0;
    reader.beforeRead = async () => {
      reads += 1;
      await context.lab().sql.query('SELECT pg_sleep(0.005)');
    };
    let writing = true;
    const writer = (async () => {
      for (let n = 0; writing; n += 1) await context.bus().publish([recordOf(topic, `k${n}`, n)]);
    })();
    const consumption = await context.bus().consume({ group: freshTopic('group'), topics: [topic], reader, maxBatch: 3 });
    await eventually(() => reads > 5);
    await consumption.stop();
    const [after, taken] = [reads, reader.records.length];
    await context.bus().publish(count(20).map((n) => recordOf(topic, `k${n}`, n)));
    writing = false;
    await writer;
    expect([reads, reader.records.length]).toEqual([after, taken]);
    await expect(consumption.caughtUp()).rejects.toThrow('stopped');
  });
}
