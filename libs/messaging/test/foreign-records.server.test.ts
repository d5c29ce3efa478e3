/** What others write to a topic of Kafka, or do with it, holds up nobody; and where it must, it is told. */
import kafkajs from 'kafkajs';
import type { Admin, Message, Producer } from 'kafkajs';
import { eventually } from '@roofshot/testing/eventually';
import { DeliveryLab, rawEvent, type Amounts } from '../src/delivery/delivery-lab.ts';
import type { ServiceConsumption } from '../src/delivery/service-consumption.ts';
import { ORIGIN_HEADER, SEQUENCE_HEADER } from '../src/events/carried-headers.ts';
import { kafkaClient } from '../src/events/kafka/kafka-client.ts';
import { startKafkaLab } from '../src/events/kafka/kafka-lab.ts';
import { parseKafkaUrl } from '../src/events/kafka/kafka-url.ts';
import { silent, type BusLab } from '../src/events/log-lab.ts';
import { onBatch } from '../src/handlers.ts';

const NUL = '\0';

describe('what others do with a topic of Kafka', () => {
  let bus: BusLab;
  let lab: DeliveryLab;
  let admin: Admin;
  let producer: Producer;
  let transactional: Producer;
  beforeAll(async () => {
    bus = await startKafkaLab();
    lab = await DeliveryLab.start(bus);
    const kafka = kafkaClient(parseKafkaUrl(bus.url), silent);
    [admin, producer] = [kafka.admin(), kafka.producer()];
    transactional = kafka.producer({ transactionalId: `others-${Date.now()}`, idempotent: true, maxInFlightRequests: 1 });
    await Promise.all([admin.connect(), producer.connect(), transactional.connect()]);
  }, 120_000);
  afterAll(async () => {
    await Promise.all([admin.disconnect(), producer.disconnect(), transactional.disconnect()]);
    await lab.close();
  });

  const compressBy = (topic: string, codec: string): Promise<unknown> =>
    admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configEntries: [{ name: 'compression.type', value: codec }] }],
    });
  const amount = (topic: Amounts, n: number): Message => {
    const { headers, value } = rawEvent(topic.name, 'x', { unit: 'x', n });
    return { key: 'x', headers: { ...headers }, value };
  };
  const goesOn = async (topic: Amounts, reader: ServiceConsumption): Promise<void> => {
    for (const partition of [0, 1]) await lab.bus.publish([{ ...rawEvent(topic.name, 'own', { unit: 'own', n: 1 }), partition }]);
    await eventually(async () => expect(await lab.totals(topic)).toMatchObject({ own: 2 }));
    await eventually(() => expect(reader.describe().map(({ lag }) => lag)).toEqual([0, 0]));
  };

  it('records with U+0000 in key or value are handled or lie among the dead letters, and the partition goes on', async () => {
    const topic = await lab.newTopic();
    const reader = await lab.process([onBatch(topic, lab.fold)]);
    const { headers = {} } = amount(topic, 1);
    const messages: Message[] = [
      { ...amount(topic, 1), key: Buffer.from([0, 5]) },
      { key: Buffer.from([0, 5]), value: 'hello' },
      { key: null, value: null },
      { ...amount(topic, 1), value: Buffer.from([0, 0, 65]) },
      { key: NUL, headers: { ...headers, ce_type: `un${NUL}heard` }, value: '{}' },
      { key: NUL, headers, value: JSON.stringify({ unit: `u${NUL}v`, n: 1 }) }, // the fold's own statement fails with it
    ];
    await producer.send({ topic: topic.name, messages: messages.map((message) => ({ ...message, partition: 0 })) });
    await goesOn(topic, reader);
    expect(await lab.totals(topic)).toEqual({ own: 2, x: 1 });
    expect((await reader.redrive.deadLetters(topic.name)).map(({ key }) => key)).toEqual(['\\u0000\u0005', '', 'x', '\\u0000']);
    expect(await reader.redrive.parkedKeys(topic.name)).toMatchObject([{ key: '\\u0000', messages: 1 }]);
    expect(await reader.redrive.key(topic.name, '\\u0000')).toMatchObject({ handled: 0, released: false });
    await lab.stop(reader);
  }, 60_000);

  it('headers of an outbox that none has written count for nothing', async () => {
    const topic = await lab.newTopic();
    const reader = await lab.process([onBatch(topic, lab.fold)]);
    const sequences = ['abc', '1e30', '-1', ''];
    const messages = sequences.map((sequence) => {
      const message = amount(topic, 1);
      return { ...message, partition: 0, headers: { ...message.headers, [ORIGIN_HEADER]: 'o', [SEQUENCE_HEADER]: sequence } };
    });
    await producer.send({ topic: topic.name, messages });
    await goesOn(topic, reader);
    expect(await lab.totals(topic)).toEqual({ own: 2, x: sequences.length });
    await lab.stop(reader);
  }, 60_000);

  it('a batch in a compression that is not read here stops its partition, says which, and holds up no other', async () => {
    const [topic, other] = [await lab.newTopic(), await lab.newTopic()];
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic.name, configNames: ['compression.type'] }],
    });
    expect(resources[0]?.configEntries).toMatchObject([{ configValue: 'producer', isDefault: false }]);
    await producer.send({ topic: topic.name, messages: [{ ...amount(topic, 1), partition: 0 }] });
    await compressBy(topic.name, 'lz4');
    await eventually(async () => {
      await producer.send({ topic: topic.name, messages: [{ ...amount(topic, 1), partition: 0 }] });
      await expect(lab.bus.readFrom({ topic: topic.name, partition: 0 }, 1, 1_000)).rejects.toThrow('compressed by lz4');
    });
    const reader = await lab.process([onBatch(topic, lab.fold), onBatch(other, lab.fold)]);
    await eventually(() =>
      expect(reader.waitingFor()).toEqual([
        expect.stringMatching(
          /Partition 0 of ".*" stands still: the batch of the offsets \d+ to \d+ is compressed by lz4.*next_offset .* to \d+/,
        ),
      ]),
    );
    expect((await lab.totals(topic))['x']).toBeGreaterThanOrEqual(1); // what lay before it was read
    await lab.add(other, [['y', 1]]);
    await eventually(async () => expect(await lab.totals(other)).toEqual({ y: 1 }));
    await lab.stop(reader);
  }, 60_000);

  it('what retention drops may be the end of a transaction: nothing was lost, and reading goes on', async () => {
    const topic = await lab.newTopic();
    const first = await lab.process([onBatch(topic, lab.fold)]);
    const transaction = await transactional.transaction();
    await transaction.send({ topic: topic.name, messages: [{ ...amount(topic, 1), partition: 0 }] });
    await transaction.commit();
    await eventually(async () => expect(await lab.totals(topic)).toEqual({ x: 1 }));
    await eventually(async () => {
      const rows = await lab.sql.query('SELECT next_offset FROM sums.checkpoints WHERE topic = $1 AND partition = 0', [topic.name]);
      expect(rows).toEqual([{ next_offset: 2 }]); // the record, and the marker behind it
    });
    await lab.stop(first);
    await bus.expire(topic.name);
    const second = await lab.process([onBatch(topic, lab.fold)]);
    await goesOn(topic, second);
    expect(second.waitingFor()).toEqual([]);
    await lab.stop(second);
  }, 60_000);
});
