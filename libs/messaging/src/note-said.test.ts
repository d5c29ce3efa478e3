import { recentMessages } from '@roofshot/telemetry/recent-messages';
import { encodeEvent } from './cloud-event-codec.ts';
import { noteSaid, shortened } from './note-said.ts';

const speaker = { service: 'registry', clock: () => 0 };

function record(type: string, data: unknown, topic = 'model-versions.v1') {
  const time = '2026-01-01T00:00:00Z';
  const event = {
    specversion: '1.0',
    id: '1',
    source: '/s',
    type,
    subject: 'flight-delay',
    time,
    knowntime: time,
    correlationid: 'c-1',
    data,
  };
  return encodeEvent({ topic, key: 'k' }, event as never);
}

function said(work: () => void) {
  const before = recentMessages.last;
  work();
  return recentMessages.since(before);
}

it('tells type, subject and correlation of what was said, and the data of decisions alone', () => {
  const heard = said(() =>
    noteSaid(speaker, [record('order.placed', { card: '4711' }), record('model-version.promoted', { version: 2 })], []),
  );
  expect(heard).toMatchObject([
    { service: 'registry', kind: 'event', type: 'order.placed', subject: 'flight-delay', correlationId: 'c-1' },
    { type: 'model-version.promoted', data: { version: 2 } },
  ]);
  expect(heard[0]).not.toHaveProperty('data');
});

it('tells commands with the service that sent them', () => {
  const command = {
    queue: 'model-version.promote.v1',
    id: 'x/1',
    headers: { type: 'model-version.promote', source: '/s', time: '', traceparent: '', correlationid: 'c-2' },
    payload: '{"version":2,"requestedBy":"experiments"}',
  };
  expect(said(() => noteSaid(speaker, [], [command]))).toMatchObject([
    { service: 'registry', kind: 'command', type: 'model-version.promote', correlationId: 'c-2' },
  ]);
});

it('of a great batch it tells the last ones, and every decision', () => {
  const batch = Array.from({ length: 500 }, (_, index) => record(index === 3 ? 'guardrail.breached' : 'order.placed', {}));
  const types = said(() => noteSaid(speaker, batch, [])).map(({ type }) => type);
  expect(types).toHaveLength(21);
  expect(types[0]).toBe('guardrail.breached');
});

it('shortens data by what is largest', () => {
  const data = { model: 'm', reason: 'r'.repeat(300), signature: Array.from({ length: 100 }, (_, i) => `input-${i}-of-many`) };
  expect(shortened(data)).toEqual({ model: 'm', reason: data.reason });
});

it('tells why an event was refused, and nothing of the event', () => {
  const refused = {
    eventType: 'order.placed',
    eventId: '1',
    eventSource: '/shop',
    reason: 'schema',
    detail: 'must be number',
    path: '/data/n',
  };
  const records = [record('event.quarantined', { ...refused, original: '{"card":"4711"}' }, 'events-refused.v1')];
  expect(said(() => noteSaid(speaker, records, []))[0]?.data).toEqual({
    eventType: 'order.placed',
    reason: 'schema',
    detail: 'must be number',
    path: '/data/n',
  });
});

it("takes a user's event for no decision, whatever its type", () => {
  const heard = said(() => noteSaid(speaker, [record('model-version.promoted', null, 'events.model-version.promoted')], []));
  expect(heard).toHaveLength(1);
  expect(heard[0]).not.toHaveProperty('data');
});
