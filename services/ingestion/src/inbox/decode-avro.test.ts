import avro from 'avsc';
import { parseAvroSchema } from '../schema-registry/avro-schema.ts';
import { AvroFault } from './avro-bytes.ts';
import { decodeAvro } from './decode-avro.ts';

/** avsc writes, as the serialisers of Node do; what is read here must be what was written. */
const encode = (schema: unknown, value: unknown): Buffer =>
  avro.Type.forSchema(schema as avro.Schema, { wrapUnions: 'always' }).toBuffer(value);
const decode = (schema: unknown, bytes: Buffer): unknown => decodeAvro(parseAvroSchema(schema), bytes);
const roundTrip = (schema: unknown, value: unknown): unknown => decode(schema, encode(schema, value));
const zigzag = (value: bigint): Buffer => {
  const bytes: number[] = [];
  for (let left = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n)); ; left >>= 7n) {
    if (left < 128n) return Buffer.from([...bytes, Number(left)]);
    bytes.push(Number(left & 127n) | 128);
  }
};
const faultOf = (schema: unknown, bytes: Buffer): { message: string; path: string } => {
  try {
    decode(schema, bytes);
  } catch (error) {
    if (error instanceof AvroFault) return { message: error.message, path: error.path.join('/') };
    throw error;
  }
  return { message: 'none', path: '' };
};

const item = {
  type: 'record',
  name: 'Item',
  fields: [
    { name: 'sku', type: 'string' },
    { name: 'n', type: ['null', 'int'] },
  ],
};
const order = {
  type: 'record',
  name: 'Order',
  namespace: 'shop',
  fields: [
    { name: 'id', type: 'string' },
    { name: 'amount', type: 'double' },
    { name: 'paid', type: 'boolean' },
    { name: 'state', type: { type: 'enum', name: 'State', symbols: ['NEW', 'SENT'] } },
    { name: 'items', type: { type: 'array', items: item } },
    { name: 'notes', type: { type: 'map', values: ['string', 'long', 'Item'] } },
    { name: 'hash', type: { type: 'fixed', name: 'Hash', size: 3 } },
    { name: 'raw', type: 'bytes' },
    { name: 'parent', type: ['null', 'Order'] },
  ],
};

describe('Avro as JSON has it', () => {
  it('reads every type, unions plain and bytes in base64', () => {
    const inner = {
      id: 'o0',
      amount: -0.5,
      paid: false,
      state: 'NEW',
      items: [],
      notes: {},
      hash: Buffer.alloc(3),
      raw: Buffer.alloc(0),
      parent: null,
    };
    const value = {
      ...inner,
      id: 'o1 ✓',
      paid: true,
      state: 'SENT',
      items: [
        { sku: 'a', n: null },
        { sku: 'b', n: { int: -7 } },
      ],
      notes: {
        text: { string: 'x' },
        long: { long: 2 ** 40 },
        __proto__x: { string: 'y' },
        item: { 'shop.Item': { sku: 'c', n: { int: 1 } } },
      },
      hash: Buffer.from('abc'),
      raw: Buffer.from([0, 255]),
      parent: { 'shop.Order': inner },
    };
    expect(roundTrip(order, value)).toEqual({
      ...value,
      items: [
        { sku: 'a', n: null },
        { sku: 'b', n: -7 },
      ],
      notes: { text: 'x', long: 2 ** 40, __proto__x: 'y', item: { sku: 'c', n: 1 } },
      hash: 'YWJj',
      raw: 'AP8=',
      parent: { ...inner, hash: 'AAAA', raw: '' },
    });
  });

  it('reads what another writer has written, whatever the numbers', () => {
    // Beyond 2^52 avsc's writer loses the last bit, and with it the sign.
    const schema = { type: 'array', items: 'long' };
    for (let n = 0; n < 200; n += 1) {
      const values = Array.from({ length: 20 }, () => Math.trunc((Math.random() - 0.5) * 2 ** (1 + Math.random() * 52)));
      expect(roundTrip(schema, values)).toEqual(values.map((value) => value + 0));
    }
    expect([0n, -1n, 63n, -64n, 2n ** 53n - 1n, 1n - 2n ** 53n].map((value) => decode('long', zigzag(value)))).toEqual([
      0,
      -1,
      63,
      -64,
      Number.MAX_SAFE_INTEGER,
      Number.MIN_SAFE_INTEGER,
    ]);
  });

  it('keeps a field and a key that are called __proto__', () => {
    const record = { type: 'record', name: 'R', fields: [{ name: '__proto__', type: 'int' }] };
    expect(JSON.stringify(decode(record, Buffer.from([2])))).toBe('{"__proto__":1}');
    const map = Buffer.concat([Buffer.from([2, 18]), Buffer.from('__proto__'), Buffer.from([4, 0])]);
    expect(JSON.stringify(decode({ type: 'map', values: 'int' }, map))).toBe('{"__proto__":2}');
  });

  it('reads blocks that say their size in bytes', () => {
    expect(decode({ type: 'array', items: 'int' }, Buffer.from([3, 4, 2, 4, 2, 6, 0]))).toEqual([1, 2, 3]);
  });
});

describe('logical types', () => {
  const logical = (type: unknown, logicalType: string, more: object = {}): unknown => ({ type, logicalType, ...more });
  const fixed = (size: number, logicalType: string): unknown => ({ type: 'fixed', name: 'F', size, logicalType });

  it.each([
    [logical('int', 'date'), zigzag(-1n), '1969-12-31'],
    [logical('int', 'time-millis'), zigzag(3_723_004n), '01:02:03.004'],
    [logical('long', 'time-micros'), zigzag(3_723_004_005n), '01:02:03.004005'],
    [logical('long', 'timestamp-millis'), zigzag(1_700_000_000_123n), '2023-11-14T22:13:20.123Z'],
    [logical('long', 'timestamp-micros'), zigzag(-1n), '1969-12-31T23:59:59.999999Z'],
    [logical('long', 'timestamp-nanos'), zigzag(1_700_000_000_123_456_789n), '2023-11-14T22:13:20.123456789Z'],
    [logical('long', 'local-timestamp-millis'), zigzag(0n), '1970-01-01T00:00:00.000'],
    [logical('bytes', 'decimal', { precision: 9, scale: 2 }), Buffer.from([2, 0x85]), '-1.23'],
    [logical('bytes', 'decimal', { precision: 9, scale: 3 }), Buffer.from([2, 5]), '0.005'],
    [logical('bytes', 'decimal', { precision: 9 }), Buffer.from([4, 1, 0]), '256'],
    [logical('string', 'uuid'), Buffer.from([2, 0x61]), 'a'],
    [fixed(16, 'uuid'), Buffer.from('00112233445566778899aabbccddeeff', 'hex'), '00112233-4455-6677-8899-aabbccddeeff'],
    [fixed(12, 'duration'), Buffer.from([1, 0, 0, 0, 2, 0, 0, 0, 0xe8, 3, 0, 0]), 'P1M2DT1.000S'],
    [logical('int', 'something-new'), zigzag(5n), 5],
  ])('%j is a text', (schema, bytes, text) => expect(decode(schema, bytes)).toBe(text));

  it('a time that has no four-digit year is a fault of its unit', () => {
    expect(faultOf(logical('long', 'timestamp-millis'), zigzag(1_700_000_000_123_456n)).message).toContain('Check its unit');
    expect(faultOf(logical('int', 'time-millis'), zigzag(86_400_000n)).message).toContain('no time of a day');
  });
});

describe('bytes that are no value of the schema', () => {
  it.each([
    ['a long that JSON would round', 'long', zigzag(2n ** 53n), /long 9007199254740992 is beyond .* Send it as a string/],
    ['an int of more than 32 bits', 'int', zigzag(2n ** 31n), /int has 32 bits/],
    ['a number without end', 'long', Buffer.alloc(11, 0xff), /more than 10 bytes/],
    ['a number of more than 64 bits', 'long', Buffer.from([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f]), /64 bits/],
    ['NaN', 'double', encode('double', NaN), /JSON has no NaN/],
    ['a string that is no UTF-8', 'string', Buffer.from([2, 0xff]), /UTF-8/],
    ['a length beyond the end', 'string', Buffer.from([100, 0x61]), /50 bytes follow, and there are 1/],
    ['a length below nothing', 'bytes', Buffer.from([3]), /-2 bytes follow/],
    ['bytes behind the value', 'int', Buffer.from([2, 2]), /1 bytes are left .* another schema/],
    ['a branch that is not there', ['null', 'int'], Buffer.from([4]), /choice 2 of 2/],
    ['a boolean of 2', 'boolean', Buffer.from([2]), /0 or 1/],
    ['an array of 2^40 items', { type: 'array', items: 'string' }, zigzag(2n ** 40n), /ends in the middle/],
    ['an array of 2^40 nothings', { type: 'array', items: 'null' }, zigzag(2n ** 40n), /more than 10000 items without content/],
  ])('%s', (_name, schema, bytes, message) => expect(faultOf(schema, bytes).message).toMatch(message));

  it('are told with their place', () => {
    const bytes = encode({ type: 'array', items: item }, [
      { sku: 'a', n: null },
      { sku: 'b', n: { int: 1 } },
    ]);
    bytes[bytes.length - 3] = 0x08; // the branch of the second n
    expect(faultOf({ type: 'array', items: item }, bytes)).toEqual({
      message: expect.stringContaining('choice 4 of 2') as string,
      path: '1/n',
    });
  });

  it('end in a fault or a value wherever they are cut or changed, and soon', () => {
    const value = {
      id: 'o',
      amount: 1,
      paid: true,
      state: 'NEW',
      items: [{ sku: 'a', n: null }],
      notes: { k: { long: 5 } },
      hash: Buffer.alloc(3),
      raw: Buffer.alloc(2),
      parent: null,
    };
    const whole = encode(order, value);
    for (let cut = 0; cut < whole.length; cut += 1) expect(faultOf(order, whole.subarray(0, cut)).message).not.toBe('none');
    for (let at = 0; at < whole.length; at += 1) {
      for (const byte of [0, 1, 0x7f, 0x80, 0xff]) {
        const changed = Buffer.from(whole);
        changed[at] = byte;
        expect(typeof faultOf(order, changed).message).toBe('string'); // anything but a fault of Avro is thrown on
      }
    }
  });

  it('that nest without end are refused', () => {
    const list = { type: 'record', name: 'L', fields: [{ name: 'next', type: ['null', 'L'] }] };
    expect(faultOf(list, Buffer.alloc(100_000, 2)).message).toContain('more than 100 levels');
  });
});
