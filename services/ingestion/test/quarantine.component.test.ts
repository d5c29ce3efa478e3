/** What was refused, as a list of work: found, counted, discarded, and at last deleted. */
import type { DiscardAnswer, QuarantineCounts, RefusedEvent } from '@roofshot/contracts/http/quarantine';
import { forgetRefused } from '../src/quarantine/quarantine-store.ts';
import { at, BATCH, event, NOW, SINGLE } from './ingestion-lab.ts';
import { broken, idsIn, JSON_TYPE, mended, newShop, QuarantineLab } from './quarantine-lab.ts';

const lab = new QuarantineLab();
beforeAll(() => lab.open(), 60_000);
afterAll(() => lab.close());

describe('a refused event', () => {
  it('is kept whole under the id of its record on the log, with the reason, the place and where it came from', async () => {
    const sent = broken(newShop());
    await lab.post(sent, SINGLE, { 'x-correlation-id': 'till-3' });
    const listed = await lab.only({ eventId: String(sent['id']) });
    expect(listed).toMatchObject({
      eventType: 'order.placed',
      eventSource: sent['source'],
      subject: 'customer-1',
      writeKey: null,
      correlationId: 'till-3',
      receivedAt: new Date(NOW).toISOString(),
      verdict: 'quarantined',
      reason: 'schema',
      path: '/data/amount',
      isWhole: true,
      status: 'open',
      redrives: 0,
      lastRedrive: null,
    });
    expect(JSON.parse((await lab.get<RefusedEvent>(`/v1/quarantine/${listed.id}`)).original ?? '')).toEqual(sent);
    const record = (await lab.onLog('events-refused.v1')).find(({ headers }) => headers['ce_id'] === listed.id);
    expect((JSON.parse(record?.value ?? '{}') as { original: string }).original).toBe(listed.original);
  });

  it('comes from every door, also what is late or no event at all', async () => {
    const source = newShop();
    const lines = [event({ source }), broken(source, { id: 'line' }), '{"id":', JSON.stringify('text')];
    const body = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
    await (await lab.fetch('/v1/events', { method: 'POST', headers: { 'content-type': 'application/x-ndjson' }, body })).text();
    await lab.post([event({ source, type: 'door.opened', time: at(-3_600), id: 'late' })]);
    await lab.fetch('/v1/track', { method: 'POST', headers: JSON_TYPE, body: JSON.stringify({ event: 'Order Placed', messageId: 'm' }) });
    expect(idsIn(await lab.list({ source, status: 'any' }))).toEqual(['late', 'line']);
    expect(await lab.only({ verdict: 'late' })).toMatchObject({ eventId: 'late', reason: 'too-late' });
    expect(await lab.only({ reason: 'json', reveal: 'true' })).toMatchObject({ original: '{"id":', path: null });
    expect(await lab.only({ path: '/userId', reveal: 'true' })).toMatchObject({
      original: '{"event":"Order Placed","messageId":"m"}',
      reason: 'envelope',
    });
  });

  it('that is long is listed without its text, and told whole by its id', async () => {
    const sent = broken(newShop(), { id: 'long', data: { amount: -1, note: 'ä'.repeat(200_000) } });
    await lab.post(sent, SINGLE);
    const listed = await lab.only({ eventId: 'long' });
    expect(listed).toMatchObject({ original: null, originalBytes: Buffer.byteLength(JSON.stringify(sent)) });
    expect(JSON.parse((await lab.get<RefusedEvent>(`/v1/quarantine/${listed.id}?reveal=true`)).original ?? '')).toEqual(sent);
  });

  it('that nobody knows is not found', async () => {
    expect((await lab.send('/v1/quarantine/00000000-0000-0000-0000-000000000000')).status).toBe(404);
    expect((await lab.send('/v1/quarantine/1')).status).toBe(400);
  });
});

describe('the list', () => {
  const source = newShop();
  let writeKey = '';
  beforeAll(async () => {
    const { id, key } = await lab.newKey({ eventTypes: ['order.placed'] });
    writeKey = id;
    await lab.post([broken(source, { id: 'a' }), event({ source, id: 'b', data: {} }), event({ source, id: 'c', type: 'nobody.knows' })]);
    lab.clock = NOW + 60_000;
    await lab.post([broken(source, { id: 'd', subject: 'customer-9' }), event({ source, id: 'e', type: 'door.opened' })], BATCH, {
      authorization: `Bearer ${key}`,
    });
    lab.clock = NOW;
  });

  it.each<[string, () => Record<string, string>, string[]]>([
    ['type', () => ({ type: 'nobody.knows' }), ['c']],
    ['reason', () => ({ reason: 'schema' }), ['d', 'b', 'a']],
    ['verdict', () => ({ verdict: 'late' }), []],
    ['write key', () => ({ writeKey }), ['e', 'd']],
    ['no write key', () => ({ writeKey: '(none)' }), ['c', 'b', 'a']],
    ['path', () => ({ path: '/data/amount' }), ['d', 'b', 'a']],
    ['path above it', () => ({ path: '/data' }), ['d', 'b', 'a']],
    ['part of a path, which is none', () => ({ path: '/data/amou' }), []],
    ['subject', () => ({ subject: 'customer-9' }), ['d']],
    ['event id', () => ({ eventId: 'b' }), ['b']],
    ['time of receipt', () => ({ since: at(30) }), ['e', 'd']],
    ['time before which', () => ({ until: at(30), reason: 'schema' }), ['b', 'a']],
    ['status', () => ({ status: 'discarded' }), []],
  ])('is filtered by %s', async (_what, query, expected) => {
    expect(idsIn(await lab.list({ source, ...query() }))).toEqual(expected);
  });

  it('refuses a filter that it does not know', async () => {
    expect((await lab.send('/v1/quarantine?sauce=/shop')).status).toBe(400);
  });

  it('has pages, which what comes in between does not shift', async () => {
    const first = await lab.list({ source, limit: '2' });
    await lab.post([event({ source: newShop(), data: 1 })]);
    const second = await lab.list({ source, limit: '2', cursor: first.next ?? '' });
    const third = await lab.list({ source, limit: '2', cursor: second.next ?? '' });
    expect([first, second, third].map(idsIn)).toEqual([['e', 'd'], ['c', 'b'], ['a']]);
    expect(third.next).toBeNull();
  });

  it('is counted by type and reason', async () => {
    const { total, counts } = await lab.get<QuarantineCounts>(`/v1/quarantine/counts?${new URLSearchParams({ source })}`);
    expect(total).toBe(5);
    expect(counts.map(({ type, reason, events }) => [type, reason, events])).toEqual([
      ['order.placed', 'schema', 3],
      ['door.opened', 'not-allowed', 1],
      ['nobody.knows', 'unknown-type', 1],
    ]);
    expect(counts[0]).toMatchObject({ oldest: at(0), newest: at(60), status: 'open', verdict: 'quarantined' });
  });
});

describe('what needs no work', () => {
  it('is discarded with a reason, stays to be read, and is not redriven', async () => {
    const source = newShop();
    await lab.post([broken(source), broken(source)]);
    const ids = (await lab.list({ source })).events.map(({ id }) => id);
    const answer = (await lab.order('discards', { ids: ids.slice(0, 1), reason: 'a test of the till' })).body as unknown as DiscardAnswer;
    expect(answer).toEqual({ discarded: 1, notOpen: [] });
    expect((await lab.order('discards', { ids, reason: 'the same' })).body).toEqual({ discarded: 1, notOpen: ids.slice(0, 1) });
    expect(await lab.redrive({ filter: { source }, patch: mended })).toMatchObject({ results: [] });
    expect(await lab.list({ source, status: 'discarded' })).toMatchObject({ events: [{ resolvedAt: expect.any(String) }, {}] });
    expect(await lab.audited('discard-events')).toMatchObject([
      { actor: 'ann', reason: 'a test of the till', detail: { ids: ids.slice(0, 1), discarded: 1 } },
      { reason: 'the same', detail: { discarded: 1 } },
    ]);
  });

  it('is chosen by a filter or by ids, and by one of them', async () => {
    for (const body of [
      { reason: 'r' },
      { filter: {}, ids: ['00000000-0000-0000-0000-000000000000'], reason: 'r' },
      { filter: { sauce: 'x' }, reason: 'r' },
    ])
      expect((await lab.order('discards', body)).status).toBe(400);
    expect((await lab.order('redrives', { ids: ['x'] })).status).toBe(400);
  });
});

describe('the retention', () => {
  it('ends for what was received before it, worked on or not', async () => {
    const source = newShop();
    await lab.post([broken(source, { id: 'old' }), broken(source, { id: 'older' }), broken(source, { id: 'new' })]);
    await lab.redrive({ filter: { source, eventId: 'old' }, patch: mended });
    await lab.database.sql.query(
      `UPDATE ingestion.quarantine SET received_at = now() - interval '31 days' WHERE event_source = $1 AND event_id <> 'new'`,
      [source],
    );
    expect(await forgetRefused(lab.database.sql, 30 * 24 * 3_600, 10)).toEqual({ rows: 2, open: 1 });
    expect(idsIn(await lab.list({ source, status: 'any' }))).toEqual(['new']);
  });
});
