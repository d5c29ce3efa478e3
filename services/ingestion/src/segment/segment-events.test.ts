import { segmentEvent, typeOfTrack, type Receipt } from './segment-events.ts';

const receipt: Receipt = { source: '/segment/web', receivedAt: Date.parse('2026-01-01T12:00:00Z'), sentAt: undefined, newId: () => 'new' };
const message = { userId: 'u1', event: 'Order Completed', properties: { total: 3 }, messageId: 'm1' };
type Read = { value: Record<string, unknown> };
const read = (over: object, more: Partial<Receipt> = {}): Record<string, unknown> =>
  (segmentEvent({ ...message, ...over }, 'track', { ...receipt, ...more }) as Read).value;
const refusalOf = (value: unknown, call?: 'track' | 'group' | 'alias'): unknown => {
  const read = segmentEvent(value, call, receipt);
  return 'unreadable' in read ? [read.unreadable.reason, read.unreadable.path] : read;
};

it.each([
  ['Order Completed', 'order.completed'],
  ['orderCompleted', 'order.completed'],
  ['  Checkout — Step 2! ', 'checkout.step.2'],
  ['order.completed', 'order.completed'],
])('the event "%s" is of type %s', (event, type) => expect(typeOfTrack(event)).toBe(type));

it('nothing of a message is lost, and nothing is in two places', () => {
  const { data, ...attributes } = read({ context: { ip: '::1' }, integrations: { All: true }, anonymousId: 'a', writeKey: 'secret' });
  expect(attributes).toEqual({ specversion: '1.0', id: 'm1', source: '/segment/web', type: 'order.completed', subject: 'u1' });
  expect(data).toEqual({
    userId: 'u1',
    anonymousId: 'a',
    event: 'Order Completed',
    properties: { total: 3 },
    context: { ip: '::1' },
    integrations: { All: true },
  });
});

describe('the time of a message', () => {
  const [happened, sent] = ['2025-12-31T23:00:00.000Z', '2025-12-31T23:00:30.000Z']; // a clock that is 13 hours behind

  it('is corrected by how wrong the sender’s clock is, whether the message or its batch says when it was sent', () => {
    const corrected = '2026-01-01T11:59:30.000Z';
    expect(read({ timestamp: happened, sentAt: sent })['time']).toBe(corrected);
    expect(read({ originalTimestamp: happened }, { sentAt: sent })['time']).toBe(corrected);
  });

  it('is taken as it is where nobody says when it was sent, and left to the receipt where there is none', () => {
    expect(read({ timestamp: happened })['time']).toBe(happened);
    expect(read({})).not.toHaveProperty('time');
    expect(read({ timestamp: null })).not.toHaveProperty('time');
  });

  it('that is none is left for the check of the event to find', () => {
    expect(read({ timestamp: 'yesterday', sentAt: sent })['time']).toBe('yesterday');
    expect(read({ timestamp: 5 })['time']).toBe(5);
  });
});

it('a message without an id gets one, and its numbers are texts where attributes are', () => {
  expect(read({ messageId: undefined, userId: 17 })).toMatchObject({ id: 'new', subject: '17' });
  expect(read({ userId: null, anonymousId: 'a9' })).toMatchObject({ subject: 'a9' });
});

it.each([
  ['track', { ...message, userId: '' }, '/userId'],
  ['track', { ...message, event: '—' }, '/event'],
  ['track', { ...message, event: undefined }, '/event'],
  ['group', { userId: 'u' }, '/groupId'],
  ['alias', { userId: 'u' }, '/previousId'],
  [undefined, { ...message, type: 'tracks' }, '/type'],
  [undefined, 'text', ''],
  [undefined, null, ''],
] as const)('%s refuses %j at "%s"', (call, value, path) => expect(refusalOf(value, call)).toEqual(['envelope', path]));

it('a message of more than 32 KB is refused as too large, and one of less is not', () => {
  const of = (size: number): unknown => refusalOf({ ...message, properties: { x: 'x'.repeat(size) } }, 'track');
  expect(of(33_000)).toEqual(['too-large', '']);
  expect(of(32_000)).toHaveProperty('value');
});
