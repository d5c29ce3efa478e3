/** The schema registry as users of Kafka meet it: through the client that they have. */
import { COMPATIBILITY, SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import { IngestionLab } from './ingestion-lab.ts';

const lab = new IngestionLab();
beforeAll(() => lab.open(), 60_000);
afterAll(() => lab.close());

describe('@kafkajs/confluent-schema-registry', () => {
  const client = (): SchemaRegistry => new SchemaRegistry({ host: lab.url });
  const order = {
    type: 'record',
    name: 'Order',
    namespace: 'shop',
    fields: [
      { name: 'id', type: 'string' },
      { name: 'amount', type: 'double' },
    ],
  };

  it('registers an Avro schema; what one client encodes, another decodes', async () => {
    const { id } = await client().register({ type: SchemaType.AVRO, schema: JSON.stringify(order) }, { subject: 'client.avro-value' });
    const bytes = await client().encode(id, { id: 'o1', amount: 2.5 });
    expect([bytes[0], bytes.readInt32BE(1)]).toEqual([0, id]);
    expect(await client().decode(bytes)).toEqual({ id: 'o1', amount: 2.5 });
    expect(await client().getLatestSchemaId('client.avro-value')).toBe(id);
    expect(await client().getRegistryId('client.avro-value', 1)).toBe(id);
    expect(await client().getRegistryIdBySchema('client.avro-value', { type: SchemaType.AVRO, schema: JSON.stringify(order) })).toBe(id);
  });

  it('reads old bytes with a new schema that was registered as compatible', async () => {
    const subject = 'client.evolved-value';
    const { id } = await client().register({ type: SchemaType.AVRO, schema: JSON.stringify(order) }, { subject });
    const bytes = await client().encode(id, { id: 'o2', amount: 1 });
    const newer = { ...order, fields: [...order.fields, { name: 'currency', type: 'string', default: 'EUR' }] };
    await client().register({ type: SchemaType.AVRO, schema: JSON.stringify(newer) }, { subject });
    const read = await client().decode(bytes, { [SchemaType.AVRO]: { readerSchema: newer as never } });
    expect(read).toEqual({ id: 'o2', amount: 1, currency: 'EUR' });
  });

  it('registers a JSON Schema and checks data by it', async () => {
    const schema = JSON.stringify({ type: 'object', required: ['id'], properties: { id: { type: 'string' }, amount: { type: 'number' } } });
    const { id } = await client().register({ type: SchemaType.JSON, schema }, { subject: 'client.json-value' });
    expect(await client().decode(await client().encode(id, { id: 'o3', amount: 3 }))).toEqual({ id: 'o3', amount: 3 });
    await expect(client().encode(id, { amount: 3 })).rejects.toThrow(/invalid payload/);
  });

  it('hears every reason why a schema is refused', async () => {
    const subject = 'client.refused-value';
    await client().register({ type: SchemaType.AVRO, schema: JSON.stringify(order) }, { subject, compatibility: COMPATIBILITY.BACKWARD });
    const fields = [
      { name: 'id', type: 'int' },
      { name: 'currency', type: 'string' },
    ];
    const refused = client().register({ type: SchemaType.AVRO, schema: JSON.stringify({ ...order, fields }) }, { subject });
    await expect(refused).rejects.toMatchObject({
      status: 409,
      message: expect.stringMatching(
        /2 reasons.+TYPE_MISMATCH at #\/fields\/0\/type.+READER_FIELD_MISSING_DEFAULT_VALUE at #\/fields\/1.+Add a default/s,
      ),
    });
  });

  it('takes types from another subject', async () => {
    const money = { type: 'record', name: 'Money', namespace: 'shop', fields: [{ name: 'cents', type: 'long' }] };
    await client().register({ type: SchemaType.AVRO, schema: JSON.stringify(money) }, { subject: 'client.money' });
    const bill = { type: 'record', name: 'Bill', namespace: 'shop', fields: [{ name: 'total', type: 'shop.Money' }] };
    const references = [{ name: 'shop.Money', subject: 'client.money', version: 1 }];
    const { id } = await client().register({ type: SchemaType.AVRO, schema: JSON.stringify(bill), references }, { subject: 'client.bill' });
    expect(await client().decode(await client().encode(id, { total: { cents: 5 } }))).toEqual({ total: { cents: 5 } });
    expect((await lab.send('/subjects/client.money/versions/1/referencedby')).body).toEqual([id]);
    const refused = await lab.send('/subjects/client.money/versions/1', { method: 'DELETE' });
    expect(refused).toMatchObject({ status: 422, body: { error_code: 42206 } });
  });
});
