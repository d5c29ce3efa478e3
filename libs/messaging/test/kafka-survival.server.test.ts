/** What clients of Kafka are known to do wrong when connections break, fall silent or lead elsewhere, tried on a real Kafka behind a proxy. */
import { eventually } from '@roofshot/testing/eventually';
import { kafkaWire, type Address } from '@roofshot/testing/kafka-wire';
import { testDatabase, type TestDatabase } from '@roofshot/testing/postgres';
import { testServer } from '@roofshot/testing/test-server';
import { CUT, WireProxy } from '@roofshot/testing/wire-proxy';
import { DeliveryLab } from '../src/delivery/delivery-lab.ts';
import type { EventBus } from '../src/events/bus.ts';
import { freshTopic, MemoryReader, recordOf, silent, specOf } from '../src/events/log-lab.ts';
import { openEventBus } from '../src/events/open-event-bus.ts';
import { onBatch } from '../src/handlers.ts';

const WRITERS = 64;
const RECORDS_OF_EACH = 60;
const BREAKS = 12;
/** A request that is not answered is given up after 15 s. */
const UNANSWERED = { deadlineMs: 45_000 };
const AFTER_A_MINUTE_MS = 61_000;
const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

describe('a Kafka', () => {
  let services: TestDatabase;
  let broker: Address;
  let proxies: WireProxy[];
  /** Where the broker says that it is. */
  let told: WireProxy;
  let url: string;
  let bus: EventBus;
  let topic: string;
  const open = (): Promise<EventBus> => openEventBus(url, { sql: services.sql, sqlUrl: services.url, log: silent });

  beforeEach(async () => {
    services = await testDatabase();
    const { hostname, port } = new URL(await testServer('kafka'));
    broker = { hostname, port: Number(port) };
    proxies = await Promise.all(count(2).map(() => WireProxy.start(broker, () => kafkaWire(broker, told.address))));
    told = proxies[0] as WireProxy;
    const addresses = proxies.map(({ address }) => `${address.hostname}:${address.port}`).join(',');
    url = `kafka://${addresses}?partitions=2`;
    bus = await open();
    topic = freshTopic();
    await bus.ensureTopics([specOf(topic)]);
  }, 120_000);
  afterEach(async () => {
    for (const proxy of proxies) proxy.heal();
    await bus.close();
    await Promise.all(proxies.map((proxy) => proxy.close()));
    await services.drop();
  }, 60_000);

  const valuesOn = async (): Promise<number[]> => {
    const parts = await Promise.all((await bus.bounds(topic)).map((bounds) => bus.readFrom(bounds, bounds.start, 1_000_000)));
    return parts.flat().map(({ value }) => JSON.parse(value) as number);
  };
  const publish = (n: number): Promise<unknown> => bus.publish([recordOf(topic, `key-${n % 10}`, n)]);
  /** Publishes until it is taken. */
  const publishAtLast = (n: number): Promise<unknown> => eventually(() => publish(n), UNANSWERED);

  it('has what it has acknowledged to 64 writers exactly once, although connections break before and after it takes their records', async () => {
    const [acknowledged, refused] = [new Set<number>(), new Set<number>()];
    const writer = async (_: unknown, own: number): Promise<void> => {
      for (const turn of count(RECORDS_OF_EACH)) {
        const n = own * RECORDS_OF_EACH + turn;
        await publish(n).then(
          () => acknowledged.add(n),
          () => refused.add(n),
        );
      }
    };
    const writing = Promise.all(Array.from({ length: WRITERS }, writer));
    for (const turn of count(BREAKS)) {
      const side = turn % 2 === 0 ? 'server' : 'client';
      await told.strike({ side, name: 'Produce', nth: 2 }).struck;
    }
    await writing;
    const values = await valuesOn();
    expect(acknowledged.size + refused.size).toBe(WRITERS * RECORDS_OF_EACH);
    expect(values).toHaveLength(new Set(values).size);
    const there = new Set(values);
    expect([...acknowledged].filter((n) => !there.has(n))).toEqual([]);
  }, 120_000);

  it('that answers no fetch is told by health with the lag and the reason, and is read on by itself when it answers again', async () => {
    const lab = await DeliveryLab.start({
      url: '',
      sharesDatabase: false,
      sql: services.sql,
      open: () => Promise.resolve(bus),
      expire: () => Promise.reject(new Error('not here')),
      compact: () => Promise.reject(new Error('not here')),
      close: () => Promise.resolve(),
    });
    const amounts = await lab.newTopic();
    const service = await lab.process([onBatch(amounts, lab.fold)]);
    await lab.add(amounts, [['a', 1]]);
    await eventually(async () => expect(await lab.totals(amounts)).toEqual({ a: 1 }), UNANSWERED);

    const answerAgain = told.intercept(({ side, name, bytes }) => (side === 'server' && name === 'Fetch' ? undefined : bytes));
    await lab.add(amounts, [['a', 10]]);
    await eventually(() => expect(service.describe().find(({ lag }) => lag > 0)?.failure).toMatch(/timed out/i), UNANSWERED);
    const later = Date.now() + AFTER_A_MINUTE_MS;
    expect(service.healthy(later)).toBe(false);
    expect(service.waitingFor(later)).toEqual([
      expect.stringMatching(/has stood still at 1 .*, with 1 records to go; its last try failed: .*timed out/i),
    ]);

    answerAgain();
    await eventually(async () => expect(await lab.totals(amounts)).toEqual({ a: 11 }), UNANSWERED);
    expect(service.healthy(Date.now() + AFTER_A_MINUTE_MS)).toBe(true);
    await lab.close();
  }, 180_000);

  it('whose connections carry nothing any more is connected to anew, for reading and for writing', async () => {
    const reader = new MemoryReader();
    const consumption = await bus.consume({ group: freshTopic('group'), topics: [topic], reader });
    await publish(1);
    await eventually(() => expect(reader.values).toEqual([1]));
    told.forget();
    await publishAtLast(2);
    await eventually(() => expect([...new Set(reader.values)]).toEqual([1, 2]), UNANSWERED);
    expect(reader.values).toEqual([1, 2]);
    expect((await valuesOn()).sort()).toEqual([1, 2]);
    await consumption.stop();
  }, 180_000);

  it('whose connections break in the middle of an answer is read on, from the answer that did not come', async () => {
    const reader = new MemoryReader();
    const consumption = await bus.consume({ group: freshTopic('group'), topics: [topic], reader });
    const large = 'x'.repeat(50_000);
    const broken = Promise.withResolvers<void>();
    const passAgain = told.intercept(({ side, name, bytes }) => {
      if (side !== 'server' || name !== 'Fetch' || bytes.length < large.length) return bytes;
      setImmediate(broken.resolve);
      return bytes.subarray(0, large.length / 2);
    });
    await bus.publish([recordOf(topic, 'key', large)]);
    await broken.promise;
    passAgain();
    told.refuse();
    told.heal();
    await eventually(() => expect(reader.values).toHaveLength(1), UNANSWERED);
    await publishAtLast(2);
    await eventually(() => expect(reader.values).toHaveLength(2), UNANSWERED);
    expect(reader.values.map((value) => String(value).length)).toEqual([large.length, 1]);
    await consumption.stop();
  }, 180_000);

  it('that moves to another address is found there', async () => {
    const reader = new MemoryReader();
    const consumption = await bus.consume({ group: freshTopic('group'), topics: [topic], reader });
    await publish(1);
    await eventually(() => expect(reader.values).toEqual([1]));
    const [before, after] = proxies as [WireProxy, WireProxy];
    told = after;
    after.refuse(); // connections that were told the old address
    after.heal();
    before.refuse();
    await publishAtLast(2);
    await eventually(() => expect(reader.values).toEqual([1, 2]), UNANSWERED);
    await consumption.stop();
  }, 180_000);

  it.each([
    ['is not told', undefined],
    ['breaks off', CUT],
  ] as const)(
    'whose group coordinator %s is read and written all the same, and the end of the process does not wait for it',
    async (_, instead) => {
      let asked = 0;
      const passAgain = told.intercept(({ side, name, bytes }) => {
        if (name !== 'FindCoordinator' && name !== 'OffsetCommit') return bytes;
        if (side === 'client') asked += 1;
        return instead;
      });
      const reader = new MemoryReader();
      const other = await open();
      const consumption = await other.consume({ group: freshTopic('group'), topics: [topic], reader });
      for (const n of count(3)) {
        await publish(n);
        await eventually(() => expect(reader.values).toHaveLength(n + 1));
        if (n < 2) await eventually(() => asked > n, UNANSWERED); // positions are told to the broker every 5 s
      }
      expect(consumption.health().every(({ failure, position, end }) => failure === undefined && position === end)).toBe(true);
      await consumption.stop();
      const begun = Date.now();
      await other.close();
      expect(Date.now() - begun).toBeLessThan(20_000);
      passAgain();
    },
    120_000,
  );
});
