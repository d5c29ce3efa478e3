import { eventually } from '@roofshot/testing/eventually';
import type { EventBus, TopicPartition } from './bus.ts';
import { freshTopic, MemoryReader, nameOf, recordOf, specOf, type BusLab } from './log-lab.ts';

/** The promises of EventBus, for every adapter. `start` gives a fresh log. */
export function busConformance(name: string, start: () => Promise<BusLab>): void {
  describe(`${name}: an event log`, () => {
    let lab: BusLab;
    let bus: EventBus;
    beforeAll(async () => {
      lab = await start();
      bus = await lab.open();
    });
    afterAll(() => lab.close());
    const context = { lab: () => lab, bus: () => bus };

    describe('publishing', () => publishing(context));
    describe('publishing in a transaction', () => publishingIn(context));
    describe('many writers', () => manyWriters(context));
    describe('reading', () => reading(context));
    describe('consuming', () => consuming(context));
    describe('groups', () => groups(context));
    describe('what the log no longer holds', () => gaps(context));
    describe('stopping', () => stopping(context));
  });
}

interface Context {
  readonly lab: () => BusLab;
  readonly bus: () => EventBus;
}

async function newTopic({ bus }: Context, options: Parameters<typeof specOf>[1] = {}, name = freshTopic()): Promise<string> {
  await bus().ensureTopics([specOf(name, options)]);
  return name;
}

async function readAll(bus: EventBus, topic: string): Promise<{ key: string; value: unknown; offset: number; partition: number }[]> {
  const parts = await Promise.all((await bus.bounds(topic)).map((bounds) => bus.readFrom(bounds, bounds.start, 100_000)));
  return parts.flat().map(({ key, value, offset, partition }) => ({ key, value: JSON.parse(value) as unknown, offset, partition }));
}

const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

function publishing(context: Context): void {
  it('keeps what was published over the end of every process', async () => {
    const topic = await newTopic(context);
    const writer = await context.lab().open();
    await writer.publish([recordOf(topic, 'a', { n: 1 }, { ce_id: '1' }), recordOf(topic, 'b', { n: 2 })]);
    await writer.close();
    const reopened = await context.lab().open();
    const values = (await readAll(reopened, topic)).map(({ key, value }) => [key, value]);
    expect(values.sort()).toEqual([
      ['a', { n: 1 }],
      ['b', { n: 2 }],
    ]);
  });

  it('gives back key, headers, value and append time as they were', async () => {
    const topic = await newTopic(context);
    const before = Date.now();
    const record = {
      topic,
      key: 'ключ "\\',
      headers: { ce_type: 'a"b\\c', 'content-type': 'application/json' },
      value: '{"text":"\\u0000 ü \\" \\\\ \\n"}',
    };
    const [position] = await context.bus().publish([record]);
    const [read] = await context.bus().readFrom(position ?? { topic, partition: 0 }, 0, 10);
    expect(read).toMatchObject({ ...record, ...position });
    expect(read?.appendedAt).toBeGreaterThan(before - 60_000);
    expect(read?.appendedAt).toBeLessThan(Date.now() + 60_000);
  });

  it('puts one key into one partition, in order, and answers the positions', async () => {
    const topic = await newTopic(context);
    const positions = await context.bus().publish(count(40).map((n) => recordOf(topic, `key-${n % 4}`, n)));
    const records = await readAll(context.bus(), topic);
    for (const key of count(4)) {
      const own = records.filter((record) => record.key === `key-${key}`);
      expect(new Set(own.map(({ partition }) => partition)).size).toBe(1);
      expect(own.map(({ value }) => value)).toEqual(count(10).map((n) => n * 4 + key));
    }
    const placed = new Map(records.map(({ value, partition, offset }) => [value, { topic, partition, offset }]));
    expect(positions).toEqual(count(40).map((n) => placed.get(n)));
  });

  it('obeys a partition that is named', async () => {
    const topic = await newTopic(context);
    await context.bus().publish([0, 1].map((partition) => ({ ...recordOf(topic, 'same', partition), partition })));
    const records = await readAll(context.bus(), topic);
    expect(records.map(({ partition, value }) => [partition, value])).toEqual([
      [0, 0],
      [1, 1],
    ]);
  });

  it('keeps the order of calls that do not wait for each other', async () => {
    const topic = await newTopic(context);
    await Promise.all(count(300).map((n) => context.bus().publish([recordOf(topic, 'one', n)])));
    expect((await readAll(context.bus(), topic)).map(({ value }) => value)).toEqual(count(300));
  });

  it('fails only the caller whose record is bad when callers share a commit', async () => {
    const topic = await newTopic(context);
    const bad = { topic, key: 'a\0b', headers: {}, value: '1' };
    const outcomes = await Promise.allSettled([
      ...count(20).map((n) => context.bus().publish([recordOf(topic, 'good', n)])),
      context.bus().publish([recordOf(topic, 'good', 'not this one either'), bad]),
      context.bus().publish([recordOf('no-such-topic', 'a', 1)]),
      ...count(20).map((n) => context.bus().publish([recordOf(topic, 'good', n + 20)])),
    ]);
    const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [String(outcome.reason)] : []));
    expect(failures).toEqual([expect.stringContaining('U+0000'), expect.stringContaining('no topic "no-such-topic"')]);
    expect((await readAll(context.bus(), topic)).map(({ value }) => value)).toEqual(count(40));
  });

  it('creates topics once, lists them by prefix, and tells their bounds', async () => {
    const prefix = `${freshTopic('family')}.`;
    const names = ['b', 'a'].map((name) => prefix + name);
    await Promise.all(count(3).map(() => context.bus().ensureTopics(names.map((name) => specOf(name)))));
    expect(await context.bus().listTopics(prefix)).toEqual([...names].sort());
    await context.bus().publish([{ ...recordOf(`${prefix}a`, 'k', 1), partition: 1 }]);
    const bounds = await context.bus().bounds(`${prefix}a`);
    expect(bounds.map(({ partition, start, end }) => [partition, start, end])).toEqual([
      [0, 0, 0],
      [1, 0, 1],
    ]);
    expect(new Set(bounds.map(({ topicId }) => topicId)).size).toBe(1);
    expect(await context.bus().bounds('no-such-topic')).toEqual([]);
  });
}

function publishingIn(context: Context): void {
  it('shows records exactly when the transaction commits', async () => {
    const topic = await newTopic(context);
    const seenInside = await context.lab().sql.transaction(async (tx) => {
      await context.bus().publishIn(tx, [recordOf(topic, 'a', 1)]);
      return readAll(context.bus(), topic);
    });
    context.bus().announce([topic]);
    expect(seenInside).toEqual([]);
    await eventually(async () => expect((await readAll(context.bus(), topic)).map(({ value }) => value)).toEqual([1]));
  });

  it('shows nothing of a transaction that rolls back, and leaves no hole', async () => {
    const topic = await newTopic(context);
    const failing = context.lab().sql.transaction(async (tx) => {
      await context.bus().publishIn(tx, [recordOf(topic, 'a', 'never')]);
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    await context.bus().publish([recordOf(topic, 'a', 'after')]);
    expect(await readAll(context.bus(), topic)).toMatchObject([{ value: 'after', offset: 0 }]);
  });
}

const WRITERS = 4;
const TRANSACTIONS = 30;

function manyWriters(context: Context): void {
  it.each([
    ['publish', (bus: EventBus, records: ReturnType<typeof recordOf>[]) => bus.publish(records)],
    [
      'publishIn with random commit delays',
      async (bus: EventBus, records: ReturnType<typeof recordOf>[]) => {
        await context.lab().sql.transaction(async (tx) => {
          await bus.publishIn(tx, records);
          await tx.query('SELECT pg_sleep($1)', [Math.random() * 0.01]);
        });
        bus.announce(new Set(records.map(({ topic }) => topic)));
      },
    ],
  ] as const)(
    'lose nothing and misorder nothing before a running reader: %s',
    async (_, write) => {
      const topic = await newTopic(context);
      const other = await newTopic(context);
      const reader = new MemoryReader();
      const consumption = await context.bus().consume({ group: null, topics: [topic, other], reader, maxBatch: 7 });
      await Promise.all(
        count(WRITERS).map(async (writer) => {
          const bus = await context.lab().open();
          for (const turn of count(TRANSACTIONS)) {
            // both topics, in either order: a circle of waiting writers would show here
            const pair = turn % 2 === 0 ? [topic, other] : [other, topic];
            await write(
              bus,
              pair.flatMap((name) => [0, 1].map((n) => recordOf(name, `w${writer}`, `${writer}/${turn * 2 + n}`))),
            );
          }
        }),
      );
      await eventually(() => reader.records.length === WRITERS * TRANSACTIONS * 4, { deadlineMs: 30_000 });
      await consumption.stop();
      for (const name of [topic, other]) {
        for (const writer of count(WRITERS)) {
          const own = reader.records.filter((record) => record.topic === name && record.key === `w${writer}`);
          expect(own.map(({ value }) => JSON.parse(value) as string)).toEqual(count(TRANSACTIONS * 2).map((n) => `${writer}/${n}`));
        }
      }
      expectNoGaps(reader);
    },
    60_000,
  );
}

function expectNoGaps(reader: MemoryReader): void {
  const next = new Map<string, number>();
  for (const record of reader.records) {
    expect(record.offset).toBe(next.get(nameOf(record)) ?? 0);
    next.set(nameOf(record), record.offset + 1);
  }
}

function reading(context: Context): void {
  it('answers a limited piece from an offset on', async () => {
    const topic = await newTopic(context);
    await context.bus().publish(count(10).map((n) => recordOf(topic, 'k', n)));
    const [{ partition } = { partition: 0 }] = await readAll(context.bus(), topic);
    const piece = await context.bus().readFrom({ topic, partition }, 4, 3);
    expect(piece.map(({ offset, value }) => [offset, value])).toEqual([
      [4, '4'],
      [5, '5'],
      [6, '6'],
    ]);
    expect(await context.bus().readFrom({ topic, partition }, 10, 3)).toEqual([]);
    await expect(context.bus().readFrom({ topic, partition: 99 }, 0, 1)).rejects.toThrow('no partition 99');
  });
}

function consuming(context: Context): void {
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

function groups(context: Context): void {
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

function gaps(context: Context): void {
  it('passes over what compaction has dropped, and still arrives at the end', async () => {
    const topic = await newTopic(context, { compacted: true });
    await context.bus().publish(count(2_000).map((n) => ({ ...recordOf(topic, `k${n % 3}`, n), partition: 0 })));
    await context.lab().compact(topic);
    const reader = new MemoryReader([[`${topic}/0`, 5]]);
    const consumption = await context.bus().consume({ group: null, topics: [topic], reader });
    await consumption.caughtUp();
    expect(reader.values).toEqual([1997, 1998, 1999]);
    expect(reader.positions.get(`${topic}/0`)).toBe(2_000);
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
    expect(reader.records.map(({ partition }) => partition)).toEqual([1]);
    await consumption.stop();
  });
}

function stopping(context: Context): void {
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
