/** Segment's own library, and its protocol where that library cannot go. */
import { Analytics } from '@segment/analytics-node';
import type { CreatedWriteKey } from '@roofshot/contracts/http/ingestion';
import { eventually } from '@roofshot/testing/eventually';
import { at, eventsOf, idsOf, IngestionLab, NOW } from './ingestion-lab.ts';

const lab = new IngestionLab();
const JSON_TYPE = { 'content-type': 'application/json' };
const CALLS = ['identify', 'page', 'screen', 'group', 'alias'];
let key: CreatedWriteKey;
beforeAll(async () => {
  await lab.open();
  const properties = { type: 'object', required: ['total'], properties: { total: { type: 'number' } } };
  await lab.declare('order.completed', { schema: { type: 'object', properties: { properties } } });
  for (const call of CALLS) await lab.declare(`segment.${call}`, { schema: { type: 'object' } });
  const created = await lab.send('/v1/write-keys', { method: 'POST', headers: JSON_TYPE, body: JSON.stringify({ name: 'web-shop' }) });
  key = created.body as unknown as CreatedWriteKey;
}, 60_000);
afterAll(() => lab.close());

const basic = (secret: string): string => `Basic ${Buffer.from(`${secret}:`).toString('base64')}`;
async function post(
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: Record<string, unknown> }> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return lab.send(path, { method: 'POST', headers: { ...JSON_TYPE, authorization: basic(key.key), ...headers }, body: text });
}
const track = (over: object = {}): Record<string, unknown> => ({
  userId: 'u1',
  event: 'Order Completed',
  properties: { total: 3 },
  ...over,
});
const dataOn = async (topic: string): Promise<Record<string, unknown>[]> =>
  eventsOf(await lab.onLog(topic)).map(({ value }) => JSON.parse(value) as Record<string, unknown>);

describe('Segment’s library for Node', () => {
  it('sends every kind of message, and each lies on the stream of its type under its own id, subject and time', async () => {
    const failures: unknown[] = [];
    const analytics = new Analytics({ writeKey: key.key, host: lab.url, flushAt: 6 });
    analytics.on('error', (error) => failures.push(error));
    const common = { userId: 'ann', timestamp: new Date(at(-30)) };
    analytics.track({ ...common, event: 'Order Completed', properties: { total: 12.5 }, messageId: 'segment-1' });
    analytics.identify({ ...common, traits: { plan: 'pro' } });
    analytics.page({ ...common, name: 'Home' });
    analytics.screen({ ...common, name: 'Main' });
    analytics.group({ ...common, groupId: 'acme' });
    analytics.alias({ ...common, previousId: 'anonymous' });
    await analytics.closeAndFlush();
    expect(failures).toEqual([]);

    await eventually(async () => expect(await dataOn('events.order.completed')).toHaveLength(1));
    const [record] = eventsOf(await lab.onLog('events.order.completed'));
    expect(record?.headers).toMatchObject({ ce_id: 'segment-1', ce_source: '/segment/web-shop', ce_subject: 'ann' });
    expect(Math.abs(Date.parse(record?.headers['ce_time'] ?? '') - (NOW - 30_000))).toBeLessThan(60_000);
    expect((await dataOn('events.order.completed'))[0]).toMatchObject({ event: 'Order Completed', properties: { total: 12.5 } });
    for (const call of CALLS) expect(await dataOn(`events.segment.${call}`)).toHaveLength(1);
    expect((await dataOn('events.segment.identify'))[0]).toMatchObject({ traits: { plan: 'pro' }, context: { library: {} } });
  });

  it('hears of a key that is not known', async () => {
    const heard = Promise.withResolvers<unknown>();
    const analytics = new Analytics({ writeKey: 'rsk_nobody', host: lab.url, maxRetries: 0 });
    analytics.on('error', heard.resolve);
    analytics.track({ userId: 'u', event: 'Order Completed' });
    await analytics.closeAndFlush();
    expect(String(((await heard.promise) as { reason: unknown }).reason)).toMatch(/401|Unauthorized|Not authenticated/);
  });
});

describe('Segment’s protocol', () => {
  it('answers success with a verdict per message, a repeat among them', async () => {
    const body = {
      sentAt: at(0),
      batch: [track({ type: 'track', messageId: 'b1' }), track({ type: 'track', messageId: 'b1' }), { type: 'what' }],
    };
    expect(await post('/v1/batch', body)).toMatchObject({
      status: 200,
      body: { success: true, accepted: 1, duplicate: 1, quarantined: 1, results: [{}, {}, { reason: 'envelope', path: '/type' }] },
    });
  });

  it('knows a message again that comes under a new key of the same name', async () => {
    const first = await post('/v1/track', track({ messageId: 'rotated' }));
    await lab.fetch(`/v1/write-keys/${key.id}`, { method: 'DELETE' });
    const created = await lab.send('/v1/write-keys', { method: 'POST', headers: JSON_TYPE, body: JSON.stringify({ name: 'web-shop' }) });
    key = created.body as unknown as CreatedWriteKey;
    const again = await post('/v1/track', track({ messageId: 'rotated' }));
    expect([first.body, again.body]).toMatchObject([{ accepted: 1 }, { duplicate: 1 }]);
  });

  it('keeps a message that does not fit its schema, with its place, and takes the others', async () => {
    const { body } = await post('/v1/batch', { batch: [track({ type: 'track', properties: {} }), track({ type: 'track' })] });
    expect(body).toMatchObject({ accepted: 1, quarantined: 1, results: [{ reason: 'schema', path: '/data/properties/total' }, {}] });
  });

  it('gives a batch’s context to the messages that have none', async () => {
    await post('/v1/batch', {
      context: { app: 'x' },
      batch: [track({ type: 'track', messageId: 'c1' }), track({ type: 'track', messageId: 'c2', context: { app: 'y' } })],
    });
    await eventually(async () => {
      const records = eventsOf(await lab.onLog('events.order.completed'));
      const contextOf = (id: string): unknown => JSON.parse(records[idsOf(records).indexOf(id)]?.value ?? '{}') as unknown;
      expect([contextOf('c1'), contextOf('c2')]).toMatchObject([{ context: { app: 'x' } }, { context: { app: 'y' } }]);
    });
  });

  it('takes the key from the body, and JSON that a leaving page sends as text', async () => {
    const text = JSON.stringify({ ...track(), writeKey: key.key });
    const answer = await lab.send('/v1/track', { method: 'POST', headers: { 'content-type': 'text/plain' }, body: text });
    expect(answer).toMatchObject({ status: 200, body: { accepted: 1 } });
    const wrong = JSON.stringify({ ...track(), writeKey: 'rsk_nobody' });
    expect((await lab.send('/v1/track', { method: 'POST', headers: JSON_TYPE, body: wrong })).status).toBe(401);
  });

  it.each([
    ['/v1/batch', '{"batch":1}'],
    ['/v1/batch', '[]'],
    ['/v1/track', '"text"'],
    ['/v1/track', '{'],
    ['/v1/batch', JSON.stringify({ batch: [track({ type: 'track', properties: { total: 1, x: 'x'.repeat(600_000) } })] })],
  ])('refuses a request as a whole with 400: %s, case %#', async (path, body) => {
    expect((await post(path, body)).status).toBe(400);
  });

  it('refuses one message of a batch that is larger than 32 KB', async () => {
    const { body } = await post('/v1/batch', {
      batch: [track({ type: 'track', properties: { total: 1, x: 'x'.repeat(40_000) } }), track({ type: 'track' })],
    });
    expect(body).toMatchObject({ accepted: 1, quarantined: 1, results: [{ reason: 'too-large' }, {}] });
  });
});
