import { eventually } from '@roofshot/testing/eventually';
import { testDatabase, type TestDatabase } from '@roofshot/testing/postgres';
import { startServer } from '@roofshot/testing/start-server';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import { openEventBus } from '../src/events/open-event-bus.ts';
import type { EventBus } from '../src/events/bus.ts';
import { KafkaConnection } from '../src/events/kafka/kafka-connection.ts';
import { freshTopic, MemoryReader, recordOf, silent, specOf } from '../src/events/log-lab.ts';

const WRITERS = 64;
const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

describe('a Kafka broker', () => {
  let folder: TempDir;
  let server: Awaited<ReturnType<typeof startServer>>;
  let services: TestDatabase;
  let bus: EventBus;
  beforeAll(async () => {
    [folder, services] = await Promise.all([tempDir('kafka-faults'), testDatabase()]);
    server = await startServer('kafka', { folder: folder.path });
    bus = await openEventBus(`${server.url}?partitions=3`, { sql: services.sql, sqlUrl: services.url, log: silent });
  }, 120_000);
  afterAll(async () => {
    await bus.close();
    await server.stop();
    await services.drop();
    await folder.remove();
  });

  const newTopic = async (): Promise<string> => {
    const name = freshTopic();
    await bus.ensureTopics([specOf(name)]);
    return name;
  };
  const valuesOn = async (topic: string): Promise<number[]> => {
    const parts = await Promise.all((await bus.bounds(topic)).map((bounds) => bus.readFrom(bounds, bounds.start, 1_000_000)));
    return parts.flat().map(({ value }) => JSON.parse(value) as number);
  };

  /** Writes from 64 callers at once until told to stop. Answers what was acknowledged, and what was refused. */
  function writeOn(topic: string): { readonly acknowledged: Set<number>; readonly refused: Set<number>; stop(): Promise<void> } {
    const [acknowledged, refused] = [new Set<number>(), new Set<number>()];
    let [next, isOpen] = [0, true];
    const writer = async (): Promise<void> => {
      while (isOpen) {
        const n = (next += 1);
        try {
          await bus.publish([recordOf(topic, `key-${n % 50}`, n)]);
          acknowledged.add(n);
        } catch {
          refused.add(n); // told to the caller; not sent again here
        }
      }
    };
    const writers = count(WRITERS).map(writer);
    return {
      acknowledged,
      refused,
      stop: async () => {
        isOpen = false;
        await Promise.all(writers);
      },
    };
  }

  const expectExactlyOnce = async (topic: string, { acknowledged, refused }: ReturnType<typeof writeOn>): Promise<void> => {
    const values = await valuesOn(topic);
    expect(values).toHaveLength(new Set(values).size);
    const there = new Set(values);
    expect([...acknowledged].filter((n) => !there.has(n))).toEqual([]);
    expect(values.filter((n) => !acknowledged.has(n) && !refused.has(n))).toEqual([]);
  };

  it('has every acknowledged record exactly once under 64 writers', async () => {
    const topic = await newTopic();
    const writing = writeOn(topic);
    await eventually(() => writing.acknowledged.size > 5_000, { deadlineMs: 60_000 });
    await writing.stop();
    expect(writing.refused.size).toBe(0);
    await expectExactlyOnce(topic, writing);
  }, 90_000);

  it.each([
    [
      'killed with -9 and started again',
      async (): Promise<void> => {
        await server.kill9();
        await server.restart();
      },
    ],
    [
      'frozen for a while',
      async (): Promise<void> => {
        await server.freeze();
        await services.sql.query('SELECT pg_sleep(3)'); // how long it is frozen is what is tested
        await server.thaw();
      },
    ],
  ] as const)(
    'that is %s loses and doubles nothing, and readers go on by themselves',
    async (_, disturb) => {
      const topic = await newTopic();
      const reader = new MemoryReader();
      const consumption = await bus.consume({ group: freshTopic('group'), topics: [topic], reader });
      const writing = writeOn(topic);
      await eventually(() => writing.acknowledged.size > 1_000, { deadlineMs: 60_000 });
      await disturb();
      const after = writing.acknowledged.size;
      await eventually(() => writing.acknowledged.size > after + 1_000, { deadlineMs: 60_000, describe: 'writing to go on' });
      await writing.stop();
      await expectExactlyOnce(topic, writing);
      const expected = (await valuesOn(topic)).sort((a, b) => a - b);
      await eventually(() => reader.records.length >= expected.length, { deadlineMs: 30_000, describe: 'the reader to catch up' });
      expect((reader.values as number[]).sort((a, b) => a - b)).toEqual(expected);
      await consumption.stop();
    },
    180_000,
  );

  it('that is away is told, and what waits for it has a bound: then nothing more is taken until it is back, and nothing is lost', async () => {
    const topic = await newTopic();
    const surroundings = { sql: services.sql, sqlUrl: services.url, log: silent };
    const bounded = await openEventBus(`${server.url}?partitions=3&outbox=100`, surroundings);
    let said = 0;
    const say = async (): Promise<void> => {
      const values = count(10).map((n) => said + n);
      await services.sql.transaction((tx) =>
        bounded.publishIn(
          tx,
          values.map((n) => recordOf(topic, `key-${n}`, n)),
        ),
      );
      bounded.announce([topic]);
      said += 10;
    };
    await say();
    await eventually(async () => expect(await valuesOn(topic)).toHaveLength(10));
    expect([bounded.waitingFor(), bounded.refusal()]).toEqual([[], undefined]);

    await server.stop();
    const host = /\/\/([^?]*)/.exec(server.url)?.[1] ?? '';
    const refusal = 'More than 100 messages wait in the database to be sent, and until some have left no more are taken.';
    const failure: unknown = await eventually(
      () =>
        say().then(
          () => false,
          (error: unknown) => error,
        ),
      { deadlineMs: 60_000 },
    );
    expect(failure).toMatchObject({ name: 'OutOfRoom', detail: expect.stringContaining(refusal) });
    expect(bounded.refusal()).toBe(refusal);
    await eventually(() => expect(bounded.waitingFor()).toEqual([expect.stringContaining(`Kafka at ${host} does not answer`), refusal]), {
      deadlineMs: 60_000,
    });
    await expect(say()).rejects.toMatchObject({ detail: expect.stringContaining(`Kafka at ${host} does not answer`) });

    await server.restart();
    await eventually(say, { deadlineMs: 60_000, describe: 'the outbox to take again' });
    await eventually(() => expect([bounded.waitingFor(), bounded.refusal()]).toEqual([[], undefined]), { deadlineMs: 60_000 });
    await eventually(async () => expect(new Set(await valuesOn(topic)).size).toBe(said), { deadlineMs: 60_000 });
    await bounded.close();
  }, 240_000);

  it('says what is wrong and what to do when it cannot be used', async () => {
    await expect(KafkaConnection.open('kafka://127.0.0.1:9', silent)).rejects.toThrow(
      /No Kafka can be used at 127.0.0.1:9 \(EVENTS_URL\): .*Start it, or correct the address/,
    );
  }, 60_000);

  it('refuses a record that is larger than its topic takes, to its own caller alone', async () => {
    const topic = await newTopic();
    const outcomes = await Promise.allSettled([
      bus.publish([recordOf(topic, 'small', 1)]),
      bus.publish([recordOf(topic, 'large', 'x'.repeat(1_100_000))]),
      bus.publish([recordOf(topic, 'middle', 'x'.repeat(950_000))]),
      bus.publish(count(40).map((n) => recordOf(topic, 'many', `${n}${'x'.repeat(100_000)}`))),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect(String((outcomes[1] as PromiseRejectedResult).reason)).toContain("raise the topic's max.message.bytes");
    const sizes = await Promise.all((await bus.bounds(topic)).map(({ start, end }) => end - start));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(42);
  });
});
