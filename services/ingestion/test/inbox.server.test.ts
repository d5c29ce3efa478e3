/** Events that other teams write to Kafka themselves, with the clients that they have. */
import { COMPATIBILITY, SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import { CloudEvent, Kafka as KafkaBinding } from 'cloudevents';
import { eventsInbox } from '@roofshot/contracts/events';
import type { LogRecord } from '@roofshot/messaging/events';
import { eventually } from '@roofshot/testing/eventually';
import { KafkaProducer, type ForeignRecord } from '@roofshot/testing/kafka-producer';
import { at, event, eventsOf, idsOf, IngestionLab, SINGLE } from './ingestion-lab.ts';
import { openOnKafka } from './kafka-lab.ts';

const lab = new IngestionLab();
let team: KafkaProducer;
afterAll(() => team.close());
const kafka = openOnKafka(lab, { partitions: 2 });
beforeAll(async () => {
  team = await KafkaProducer.connect(kafka.url);
}, 60_000);

const write = (records: readonly ForeignRecord[], compression?: 'gzip' | 'lz4'): Promise<void> =>
  team.write(eventsInbox.name, records, compression);
const PATIENCE = { deadlineMs: 30_000 };
const headersOf = (id: string, over: Record<string, string> = {}): Record<string, string> => ({
  ce_specversion: '1.0',
  ce_id: id,
  ce_source: '/team',
  ce_type: 'order.placed',
  ce_subject: 'ann',
  ...over,
});
const structured = (id: string): ForeignRecord => ({ headers: { 'content-type': SINGLE }, value: JSON.stringify(event({ id })) });
const orders = async (): Promise<LogRecord[]> => eventsOf(await lab.onLog('events.order.placed'));
const orderOf = (id: string): Promise<LogRecord> =>
  eventually(async () => (await orders()).find(({ headers }) => headers['ce_id'] === id) ?? false, PATIENCE);
interface Refused {
  readonly eventId: string;
  readonly reason: string;
  readonly path?: string;
  readonly detail: string;
  readonly original: string;
}
const refused = async (): Promise<Refused[]> => (await lab.onLog('events-refused.v1')).map(({ value }) => JSON.parse(value) as Refused);
const refusalOf = (id: string): Promise<Refused> =>
  eventually(async () => (await refused()).find(({ eventId }) => eventId === id) ?? false, PATIENCE);

describe('CloudEvents’ own library', () => {
  const made = (id: string): CloudEvent<unknown> =>
    new CloudEvent({ id, source: '/team', type: 'order.placed', subject: 'bob', time: at(-5), partitionkey: 'bob', data: { amount: 3 } });

  it('writes binary and structured events that are accepted', async () => {
    const [binary, whole] = [KafkaBinding.binary(made('sdk-1')), KafkaBinding.structured(made('sdk-2'))];
    const messages = [binary, whole].map(({ headers, key, value }): ForeignRecord => {
      const text = typeof value === 'string' ? value : JSON.stringify(value);
      const entries = Object.entries(headers as Record<string, unknown>).flatMap(([name, one]) =>
        one === undefined ? [] : [[name, String(one)]],
      );
      return { key: String(key), headers: Object.fromEntries(entries) as Record<string, string>, value: text };
    });
    await write(messages);
    for (const id of ['sdk-1', 'sdk-2']) {
      const { headers, value } = await orderOf(id);
      expect(headers).toMatchObject({ ce_subject: 'bob', ce_source: '/team', ce_partitionkey: 'bob', ce_time: at(-5) });
      expect(JSON.parse(value)).toEqual({ amount: 3 });
    }
  });
});

describe('the Confluent wire format', () => {
  const registry = (): SchemaRegistry => new SchemaRegistry({ host: lab.url });
  const placed = {
    type: 'record',
    name: 'Placed',
    namespace: 'shop',
    fields: [
      { name: 'amount', type: 'double' },
      { name: 'note', type: ['null', 'string'], default: null },
      { name: 'at', type: { type: 'long', logicalType: 'timestamp-micros' } },
      { name: 'price', type: { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 } },
      { name: 'hash', type: { type: 'fixed', name: 'Hash', size: 2 } },
      { name: 'tags', type: { type: 'map', values: 'int' } },
    ],
  };
  const value = {
    amount: 2.5,
    note: 'hé',
    at: 1_700_000_000_000_001,
    price: Buffer.from([4, 210]),
    hash: Buffer.from([0, 255]),
    tags: { a: 1 },
  };
  let id = 0;
  let bytes: Buffer;
  beforeAll(async () => {
    await lab.declare('order.placed.avro', {
      schema: {
        type: 'object',
        additionalProperties: false,
        properties: {
          amount: { type: 'number', minimum: 0 },
          note: { type: ['string', 'null'] },
          at: { type: 'string', format: 'date-time' },
          price: { type: 'string', pattern: '^-?\\d+\\.\\d\\d$' },
          hash: { type: 'string' },
          tags: { type: 'object' },
        },
      },
    });
    ({ id } = await registry().register({ type: SchemaType.AVRO, schema: JSON.stringify(placed) }, { subject: 'placed-value' }));
    bytes = await registry().encode(id, value);
  });
  const avroHeaders = (eventId: string, over: Record<string, string> = {}): Record<string, string> =>
    headersOf(eventId, { ce_type: 'order.placed.avro', 'content-type': 'application/avro', ...over });

  it('Avro of the registry’s own client is an event of JSON', async () => {
    await write([{ headers: avroHeaders('avro-1'), value: bytes }]);
    const record = await eventually(async () => eventsOf(await lab.onLog('events.order.placed.avro'))[0] ?? false, PATIENCE);
    expect(record.headers).toMatchObject({ ce_id: 'avro-1', 'content-type': 'application/json' });
    expect(JSON.parse(record.value)).toEqual({
      amount: 2.5,
      note: 'hé',
      at: '2023-11-14T22:13:20.000001Z',
      price: '12.34',
      hash: 'AP8=',
      tags: { a: 1 },
    });
  });

  it('is held against the schema of the event type', async () => {
    await write([{ headers: avroHeaders('avro-2'), value: await registry().encode(id, { ...value, amount: -1 }) }]);
    const refusal = await refusalOf('avro-2');
    expect(refusal).toMatchObject({ reason: 'schema', path: '/data/amount' });
    expect(JSON.parse(refusal.original)).toMatchObject({ id: 'avro-2', data: { amount: -1, price: '12.34' } });
  });

  it('is read with the schema that it was written with, also when a newer one is there', async () => {
    const newer = { ...placed, fields: [...placed.fields, { name: 'channel', type: 'string', default: 'web' }] };
    await registry().register(
      { type: SchemaType.AVRO, schema: JSON.stringify(newer) },
      { subject: 'placed-value', compatibility: COMPATIBILITY.BACKWARD },
    );
    await write([{ headers: avroHeaders('avro-3'), value: bytes }]);
    await eventually(async () => expect(idsOf(eventsOf(await lab.onLog('events.order.placed.avro')))).toContain('avro-3'), PATIENCE);
  });

  it('JSON of the registry’s own client is an event, too', async () => {
    const schema = JSON.stringify({ type: 'object', properties: { amount: { type: 'number' } } });
    const registered = await registry().register({ type: SchemaType.JSON, schema }, { subject: 'placed.json-value' });
    await write([{ headers: headersOf('wire-json'), value: await registry().encode(registered.id, { amount: 9 }) }]);
    expect(JSON.parse((await orderOf('wire-json')).value)).toEqual({ amount: 9 });
  });

  it('that cannot be read is kept with its bytes, and the next is taken', async () => {
    const unknown = Buffer.from(bytes);
    unknown.writeInt32BE(4_711, 1);
    const large = await registry().register(
      { type: SchemaType.AVRO, schema: '{"type":"record","name":"Large","fields":[{"name":"n","type":"long"}]}' },
      { subject: 'large-value' },
    );
    const beyond = Buffer.concat([Buffer.from([0]), Buffer.from([0, 0, 0, large.id]), Buffer.from('feffffffffffffffff01', 'hex')]);
    const faults: [string, Buffer, string, RegExp][] = [
      ['bad-1', unknown, 'unknown-schema', /schema 4711, which this registry does not have/],
      ['bad-2', bytes.subarray(0, bytes.length - 3), 'avro', /no value of the schema/],
      ['bad-3', Buffer.concat([bytes, Buffer.from([1])]), 'avro', /1 bytes are left/],
      ['bad-4', Buffer.from([0, 1]), 'avro', /5 bytes of the Confluent wire format/],
      ['bad-5', bytes.subarray(11), 'avro', /begins with the byte 0/],
      ['bad-6', beyond, 'avro', /9223372036854775807 is beyond/],
    ];
    await write(faults.map(([eventId, one]) => ({ headers: avroHeaders(eventId), value: one })));
    await write([structured('after-bad')]);
    await orderOf('after-bad');
    for (const [eventId, one, reason, detail] of faults) {
      const refusal = await refusalOf(eventId);
      expect(refusal).toMatchObject({ reason, detail: expect.stringMatching(detail) as string });
      expect(JSON.parse(refusal.original)).toMatchObject({ type: 'order.placed.avro', data_base64: one.toString('base64') });
    }
    expect((await refusalOf('bad-6')).path).toBe('/data/n');
  });
});

describe('what is no event', () => {
  it('is kept with the reason, and holds nothing up', async () => {
    const before = (await refused()).length;
    const latin = Buffer.from('{"amount":1,"note":"\xe9"}', 'latin1');
    await write([
      { value: null },
      { key: 'gone', value: null, headers: headersOf('no-data') },
      { value: Buffer.from([0xff, 0, 1]) },
      { value: '[]', headers: { 'content-type': 'application/cloudevents-batch+json' } },
      { value: '{}', headers: headersOf('old', { ce_specversion: '0.3' }) },
      { value: latin, headers: headersOf('latin') },
      { value: '{"amount":1}', headers: headersOf('nul', { ce_subject: 'a\0b' }) },
      { value: JSON.stringify({ amount: 1, note: 'x'.repeat(700_000) }), headers: headersOf('large') },
      structured('after-all'),
    ]);
    await orderOf('after-all');
    await orderOf('large');
    const kept = await eventually(async () => {
      const all = (await refused()).slice(before);
      return all.length >= 7 && all;
    }, PATIENCE);
    expect(kept.map(({ eventId, reason }) => `${eventId || '-'} ${reason}`).sort()).toEqual(
      ['- envelope', '- envelope', '- envelope', 'latin json', 'no-data schema', 'nul envelope', 'old envelope'].sort(),
    );
    expect(JSON.parse(kept.find(({ eventId }) => eventId === 'latin')?.original ?? '{}')).toMatchObject({
      data_base64: latin.toString('base64'),
    });
    expect(kept.map(({ original }) => original)).toContain(JSON.stringify({ data_base64: '/wAB' }));
  });

  it('is one that fits into the inbox and not on its stream', async () => {
    const large = { amount: 1, note: 'x'.repeat(1_046_900) };
    await write([{ value: JSON.stringify(large), headers: headersOf('too-large') }, structured('after-too-large')]);
    await orderOf('after-too-large');
    expect(await refusalOf('too-large')).toMatchObject({ reason: 'too-large' });
  });

  it('is a batch that was made to fill the memory: it is given up and told, and what follows is taken', async () => {
    await write([{ value: ' '.repeat(60_000_000), headers: headersOf('bomb') }], 'gzip');
    await write([structured('after-bomb')]);
    await orderOf('after-bomb');
    const told = (await refused()).filter(({ reason }) => reason === 'too-large').map(({ detail }) => detail);
    expect(told).toContainEqual(expect.stringMatching(/^It stands for a batch of 1 record from offset \d+ .* unpacks to more than 32 MiB/));
  });

  it('leaves the service ready, and nothing among the dead letters', async () => {
    expect(await lab.send('/readyz')).toMatchObject({ status: 200, body: { waitsFor: [] } });
    const letters = await lab.database.sql.query(`SELECT reason FROM ingestion.dead_letters`);
    expect(letters).toEqual([]);
    expect(await lab.database.sql.query(`SELECT key FROM ingestion.parked_keys`)).toEqual([]);
  });
});

describe('a producer’s own compression', () => {
  it.each(['gzip', 'lz4'] as const)('%s is read, since the broker packs the topic anew', async (codec) => {
    await write([structured(`${codec}-1`), structured(`${codec}-2`)], codec);
    expect(JSON.parse((await orderOf(`${codec}-2`)).value)).toEqual({ amount: 1 });
  });
});
