import type { LogRecord } from '@roofshot/messaging/events';
import type { Incoming } from '../prepare-events.ts';
import { readRecord } from './read-record.ts';
import { WireFormat } from './wire-format.ts';

/** Of a registry that nobody reaches: what names no schema does not ask it. */
const wire = new WireFormat({ query: () => Promise.reject(new Error('The registry was asked.')) });
const CE = { ce_specversion: '1.0', ce_id: 'e1', ce_source: '/shop', ce_type: 'order.placed' };
const STRUCTURED = 'application/cloudevents+json';

const recordOf = (over: Partial<LogRecord>): LogRecord => ({
  topic: 'events-inbox.v1',
  partition: 3,
  offset: 12,
  appendedAt: 0,
  key: '',
  headers: {},
  value: '{"amount":1}',
  ...over,
});
const bytesOf = (bytes: Buffer): Partial<LogRecord> => ({ value: bytes.toString(), base64: bytes.toString('base64') });
const read = (over: Partial<LogRecord>): Promise<Incoming> => readRecord(recordOf(over), wire);
const valueOf = async (over: Partial<LogRecord>): Promise<unknown> => {
  const incoming = await read(over);
  return 'value' in incoming ? incoming.value : incoming.unreadable;
};

describe('a record in binary mode', () => {
  it('is an event of its headers and its value, as they are', async () => {
    const headers = { ...CE, ce_subject: 'c%201', ce_partitionkey: 'p', other: 'x', 'content-type': 'application/json; charset=utf-8' };
    expect(await valueOf({ headers })).toEqual({
      specversion: '1.0',
      id: 'e1',
      source: '/shop',
      type: 'order.placed',
      subject: 'c%201',
      partitionkey: 'p',
      datacontenttype: 'application/json; charset=utf-8',
      data: { amount: 1 },
    });
  });

  it('without a value is an event without data', async () => {
    expect(await valueOf({ headers: CE, value: '', hasNoValue: true })).toEqual({
      specversion: '1.0',
      id: 'e1',
      source: '/shop',
      type: 'order.placed',
    });
  });

  it('with data of another type is left to the check of its envelope', async () => {
    expect(await valueOf({ headers: { ...CE, 'content-type': 'text/plain' }, value: 'hi' })).toMatchObject({
      datacontenttype: 'text/plain',
      data: 'hi',
    });
    const png = Buffer.from([0x89, 0x50]);
    expect(await valueOf({ headers: { ...CE, 'content-type': 'image/png' }, ...bytesOf(png) })).toMatchObject({ data_base64: 'iVA=' });
  });

  it.each([
    ['no CloudEvent at all', {}, 'envelope', /no CloudEvent: it has neither headers ce_specversion/],
    ['a tombstone', { value: '', hasNoValue: true as const }, 'envelope', /no value and says nothing/],
    ['broken JSON', { headers: CE, value: '{"amount":' }, 'json', /no JSON/],
    ['an empty value', { headers: CE, value: '' }, 'json', /no JSON/],
    ['text that is not UTF-8', { headers: CE, ...bytesOf(Buffer.from([0x22, 0xe9, 0x22])) }, 'json', /not UTF-8/],
    [
      'Avro without the number of its schema',
      { headers: { ...CE, 'content-type': 'application/avro' }, value: 'x' },
      'avro',
      /wire format/,
    ],
    ['a wire format of three bytes', { headers: CE, value: '\0\0\0' }, 'avro', /5 bytes/],
    ['a header that is not UTF-8', { headers: { ...CE, ce_subject: 'caf\uFFFD' } }, 'envelope', /header ce_subject is not UTF-8/],
    ['data in a header', { headers: { ...CE, ce_data: '{}' } }, 'envelope', /no header ce_data/],
  ])('is kept with the reason when it is %s', async (_name, over, reason, detail) => {
    const refusal = await valueOf(over);
    expect(refusal).toMatchObject({ verdict: 'quarantined', reason, detail: expect.stringMatching(detail) as string });
    expect(refusal).toMatchObject({ detail: expect.stringContaining('record 12 of partition 3 of events-inbox.v1') as string });
  });
});

describe('a record in structured mode', () => {
  it.each([STRUCTURED, 'Application/CloudEvents+JSON ; charset=UTF-8'])('is told by the content type %s', async (type) => {
    expect(await valueOf({ headers: { ...CE, 'content-type': type }, value: '{"id":"s1"}' })).toEqual({ id: 's1' });
  });

  it.each([
    ['application/cloudevents-batch+json', '[]', /no batches/],
    ['application/cloudevents+avro', 'x', /format application\/cloudevents\+avro is not read/],
    [STRUCTURED, '{"id"', /no JSON/],
    [STRUCTURED, '', /no JSON/],
  ])('%s %s is kept with the reason', async (type, value, detail) => {
    const incoming = await read({ headers: { 'content-type': type }, value });
    expect(incoming).toMatchObject({
      unreadable: { verdict: 'quarantined', detail: expect.stringMatching(detail) as string },
      original: value,
    });
  });
});

describe('what is kept of a record that cannot be read', () => {
  const originalOf = async (over: Partial<LogRecord>): Promise<unknown> => {
    const incoming = await read(over);
    return 'original' in incoming ? JSON.parse(incoming.original) : undefined;
  };

  it('is its attributes and its value, as text where it is text', async () => {
    expect(await originalOf({ headers: { ...CE, 'content-type': 'application/json' }, value: '{' })).toEqual({
      specversion: '1.0',
      id: 'e1',
      source: '/shop',
      type: 'order.placed',
      datacontenttype: 'application/json',
      data: '{',
    });
  });

  it('and in base64 where it is not', async () => {
    expect(await originalOf({ headers: CE, ...bytesOf(Buffer.from([0xff, 0xfe])) })).toMatchObject({ id: 'e1', data_base64: '//4=' });
    expect(await originalOf({ headers: { ...CE, 'content-type': 'avro/binary' }, value: '\0\0\0' })).toMatchObject({ data_base64: 'AAAA' });
    expect(await originalOf({ headers: { 'content-type': STRUCTURED }, ...bytesOf(Buffer.from([0xff])) })).toEqual({
      datacontenttype: STRUCTURED,
      data_base64: '/w==',
    });
  });

  it('with the names that it says', async () => {
    expect(await read({ headers: CE, value: '{' })).toMatchObject({ named: { id: 'e1', type: 'order.placed', source: '/shop' } });
  });
});

describe('the trace of a record', () => {
  const trace = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const traceIdOf = async (over: Partial<LogRecord>): Promise<string | undefined> => (await read(over)).trace?.traceparent.split('-')[1];

  it('is the event’s, else that of an instrumented producer, else its own', async () => {
    expect(await traceIdOf({ headers: { ...CE, ce_traceparent: trace } })).toBe(trace.split('-')[1]);
    expect(await traceIdOf({ headers: { ...CE, traceparent: trace } })).toBe(trace.split('-')[1]);
    expect(await traceIdOf({ headers: { 'content-type': STRUCTURED }, value: JSON.stringify({ traceparent: trace }) })).toBe(
      trace.split('-')[1],
    );
    const [one, other] = await Promise.all([traceIdOf({ headers: CE }), traceIdOf({ headers: CE })]);
    expect(one).not.toBe(other);
  });
});
