import { defineTopic, OTHERS, type TopicDefinition } from '@roofshot/contracts/define';
import { LostConnection } from '@roofshot/storage/sql-errors';
import { eventually } from '@roofshot/testing/eventually';
import type { LogRecord, OutgoingRecord } from '../events/bus.ts';
import { ORIGIN_HEADER, SEQUENCE_HEADER } from '../events/carried-headers.ts';
import { freshTopic, specOf } from '../events/log-lab.ts';
import { onRecords, type RecordBatch, type RecordsHandler, type Tx } from '../handlers.ts';
import { Noted, type DeliveryLab } from './delivery-lab.ts';
import { EventDelivery } from './event-delivery.ts';

const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const plain = (topic: TopicDefinition, value: string, over: Partial<OutgoingRecord> = {}): OutgoingRecord => ({
  topic: topic.name,
  key: 'k',
  headers: {},
  value,
  ...over,
});

/** Records that others write, of a topic of their own: each value is a number to add up. */
class Inbox {
  readonly told: number[] = [];
  readonly lab: DeliveryLab;
  readonly topic: TopicDefinition;
  /** Runs before a batch is written; a throw refuses it. */
  before: (records: readonly LogRecord[]) => void = () => undefined;

  private constructor(lab: DeliveryLab, topic: TopicDefinition) {
    this.lab = lab;
    this.topic = topic;
  }

  static async open(lab: DeliveryLab): Promise<Inbox> {
    const name = freshTopic('inbox');
    await lab.bus.ensureTopics([{ ...specOf(name), isForOthers: true }]);
    const said = { events: [], key: () => '', owner: OTHERS, retentionDays: 1, description: 'Numbers of others.' } as const;
    return new Inbox(lab, defineTopic(name, said));
  }

  get handler(): RecordsHandler {
    return onRecords(this.topic, (batch) =>
      Promise.resolve({
        write: (tx) => this.#write(batch, tx),
        committed: () => this.told.push(batch.records.length),
      }),
    );
  }

  async #write({ topic, records }: RecordBatch, tx: Tx): Promise<void> {
    await tx.query(
      `INSERT INTO sums.seen (topic, unit, n) SELECT $1, unit, n FROM unnest($2::text[], $3::bigint[]) WITH ORDINALITY AS a(unit, n, rank) ORDER BY rank`,
      [topic, records.map(({ key }) => key), records.map(({ value }) => Number(value) || -1)],
    );
    this.before(records);
  }

  async add(...records: readonly OutgoingRecord[]): Promise<void> {
    await this.lab.bus.publish(records);
  }

  async seen(): Promise<number[]> {
    const rows = await this.lab.sql.query<{ n: number }>('SELECT n FROM sums.seen WHERE topic = $1 ORDER BY id', [this.topic.name]);
    return rows.map(({ n }) => n);
  }
}

/** A handler that takes records as they are. */
export function rawRecords(lab: () => DeliveryLab): void {
  it('are handed over whatever they hold, in order, once, and are told after the commit', async () => {
    const inbox = await Inbox.open(lab());
    const service = await lab().process([inbox.handler]);
    const copied = { [ORIGIN_HEADER]: 'another-log/1', [SEQUENCE_HEADER]: '7' };
    await inbox.add(plain(inbox.topic, '1'), plain(inbox.topic, '{"unit":'), plain(inbox.topic, '', { headers: { 'content-type': 'x' } }));
    await inbox.add(plain(inbox.topic, '2', { headers: copied }), plain(inbox.topic, '3', { headers: copied }));
    await eventually(async () => expect(await inbox.seen()).toEqual([1, -1, -1, 2, 3]));
    await eventually(() => expect(inbox.told.reduce((sum, n) => sum + n, 0)).toBe(5));
    expect(await service.redrive.deadLetters(inbox.topic.name)).toEqual([]);
    await lab().stop(service);
  });

  it('one that alone makes the handler throw goes to the dead letters, and its key and the others go on', async () => {
    const inbox = await Inbox.open(lab());
    let mended = false;
    inbox.before = (records) => {
      if (!mended && records.some(({ value }) => value === '5')) throw new Error('cannot bear 5');
    };
    const service = await lab().process([inbox.handler]);
    await inbox.add(...count(12).map((n) => plain(inbox.topic, String(n + 1))));
    const others = count(12).flatMap((n) => (n === 4 ? [] : [n + 1]));
    await eventually(async () => expect(await inbox.seen()).toEqual(others));
    const letter = await eventually(async () => (await service.redrive.deadLetters(inbox.topic.name))[0] ?? false);
    expect(letter.reason).toContain('cannot bear 5');
    expect(await service.redrive.parkedKeys(inbox.topic.name)).toEqual([]);
    expect(await service.redrive.deadLetter(letter.id)).toMatchObject({ outcome: 'refused', failure: { reason: 'Error: cannot bear 5' } });
    mended = true;
    expect(await service.redrive.deadLetter(letter.id)).toEqual({ outcome: 'handled' });
    expect(await inbox.seen()).toEqual([...others, 5]);
    await lab().stop(service);
  });

  it('none is given up while the database or what is behind it is away', async () => {
    const inbox = await Inbox.open(lab());
    let tries = 0;
    inbox.before = () => {
      if ((tries += 1) <= 6) throw new LostConnection('The database went away.', 'not applied', { cause: undefined });
    };
    const service = await lab().process([inbox.handler]);
    await inbox.add(plain(inbox.topic, '1'));
    await eventually(async () => expect(await inbox.seen()).toEqual([1]), { deadlineMs: 20_000 });
    expect(await service.redrive.deadLetters(inbox.topic.name)).toEqual([]);
    await lab().stop(service);
  }, 30_000);

  it('a member whose partition went to another one writes nothing', async () => {
    const inbox = await Inbox.open(lab());
    await inbox.add(plain(inbox.topic, '1'));
    const bounds = await eventually(async () => (await lab().bus.bounds(inbox.topic.name)).find(({ end }) => end > 0) ?? false);
    const records = await lab().bus.readFrom(bounds, bounds.start, 10);
    const [first, second] = [new EventDelivery(lab().setup(), [inbox.handler]), new EventDelivery(lab().setup(), [inbox.handler])];
    await first.claim(bounds);
    await second.claim(bounds);
    await expect(first.read(bounds, records)).rejects.toMatchObject({ name: 'Fenced' });
    expect(await inbox.seen()).toEqual([]);
    await second.read(bounds, records);
    expect(await inbox.seen()).toEqual([1]);
  });

  it('what the handler says is on the log once', async () => {
    const inbox = await Inbox.open(lab());
    const notes = await lab().newTopic(Noted);
    const say = onRecords(inbox.topic, ({ records }) =>
      Promise.resolve({
        write: (tx: Tx) => {
          tx.publish(
            notes,
            records.map(({ value }) => ({ type: 'amount.noted' as const, data: { unit: 'u', n: Number(value) } })),
          );
          return Promise.resolve();
        },
        committed: () => undefined,
      }),
    );
    const service = await lab().process([say]);
    await inbox.add(...count(20).map((n) => plain(inbox.topic, String(n))));
    const said = async (): Promise<number[]> => (await lab().records(notes)).map(({ value }) => (JSON.parse(value) as { n: number }).n);
    await eventually(async () => expect(await said()).toEqual(count(20)));
    await lab().stop(service);
  });

  it('a handler that throws for too many of them stops the partition instead', async () => {
    const inbox = await Inbox.open(lab());
    inbox.before = () => {
      throw new Error('typing error in the new release');
    };
    const service = await lab().process([inbox.handler]);
    await inbox.add(...count(150).map((n) => plain(inbox.topic, String(n))));
    await eventually(
      () => expect(service.waitingFor()[0]).toMatch(/stands still: \d+ of its records went .* typing error in the new release.*redrive/),
      { deadlineMs: 30_000 },
    );
    expect((await service.redrive.deadLetters(inbox.topic.name, 1_000)).length).toBeLessThanOrEqual(100);
    await lab().stop(service);
  }, 60_000);
}
