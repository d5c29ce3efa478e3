import { eventually } from '@roofshot/testing/eventually';
import type { EventBus } from './bus.ts';
import { count, newTopic, readAll, type Context } from './conformance-lab.ts';
import { freshTopic, MemoryReader, nameOf, recordOf, specOf } from './log-lab.ts';

export function publishing(context: Context): void {
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

  it('has each record of 64 callers exactly once, where its caller was told', async () => {
    const topic = await newTopic(context);
    const callers = count(64).map(async (caller) => {
      const told: (readonly [value: string, place: string])[] = [];
      for (const turn of count(10)) {
        const values = count(1 + ((caller + turn) % 3)).map((n) => `${caller}/${turn}/${n}`);
        const positions = await context.bus().publish(values.map((value) => recordOf(topic, `key-${caller % 7}`, value)));
        values.forEach((value, index) => told.push([value, placeOf(positions[index])]));
      }
      return told;
    });
    const told = new Map((await Promise.all(callers)).flat());
    const records = await readAll(context.bus(), topic);
    expect(records).toHaveLength(told.size);
    expect(new Map(records.map((record) => [record.value, placeOf(record)]))).toEqual(told);
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

function placeOf(position: { readonly partition: number; readonly offset: number } | undefined): string {
  return `${position?.partition}/${position?.offset}`;
}

export function publishingIn(context: Context): void {
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

export function manyWriters(context: Context): void {
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

export function reading(context: Context): void {
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
