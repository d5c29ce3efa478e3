import type { CloudEvent } from '@roofshot/contracts/envelope';
import { decodeEvent, encodeEvent, isUndecodable } from './cloud-event-codec.ts';
import type { OutgoingRecord } from './events/bus.ts';

const event: CloudEvent = {
  specversion: '1.0',
  id: 'e-1',
  source: '/airline/flights',
  type: 'flight.departed',
  subject: 'AA-100',
  time: '2001-01-01T10:00:00+02:00',
  knowntime: '2001-01-01T08:00:05Z',
  correlationid: 'order-7',
  data: { delay: 13.5, text: 'ü "\\ \u0000', nothing: null },
};
const lying = (record: OutgoingRecord) => ({ ...record, partition: 1, offset: 7, appendedAt: 0 });

describe('an event on the log', () => {
  it('comes back as it was said, with its position', () => {
    const record = encodeEvent({ topic: 'events.flight.departed', key: 'AA-100' }, event);
    expect(record.headers).toMatchObject({ 'content-type': 'application/json', ce_id: 'e-1', ce_knowntime: '2001-01-01T08:00:05Z' });
    expect(decodeEvent(lying(record))).toEqual({
      ...event,
      datacontenttype: 'application/json',
      position: { topic: 'events.flight.departed', partition: 1, offset: 7 },
    });
  });

  it('keeps extensions of its sender, as text', () => {
    const extended = { ...event, tenant: 'acme', attempt: 3 };
    expect(decodeEvent(lying(encodeEvent({ topic: 't', key: 'k' }, extended)))).toMatchObject({ tenant: 'acme', attempt: '3' });
  });

  it('is refused when its data cannot be JSON', () => {
    expect(() => encodeEvent({ topic: 't', key: 'k' }, { ...event, data: undefined })).toThrow('flight.departed (id e-1) has no data');
  });

  it.each([
    ['has no id', { ce_id: undefined }, undefined, 'ce_id missing'],
    ['has no known time', { ce_knowntime: undefined }, undefined, 'ce_knowntime missing'],
    ['is of another version', { ce_specversion: '0.3' }, undefined, '"0.3"'],
    ['holds no JSON', {}, '{"delay":', 'no JSON'],
  ])('tells why it cannot be read when it %s', (_, headers, value, reason) => {
    const record = encodeEvent({ topic: 't', key: 'k' }, event);
    const kept = Object.entries({ ...record.headers, ...headers }).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const decoded = decodeEvent(lying({ ...record, headers: Object.fromEntries(kept), value: value ?? record.value }));
    expect(isUndecodable(decoded) && decoded.reason).toContain(reason);
  });
});
