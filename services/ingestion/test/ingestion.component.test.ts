/** The verdicts of the whole service: HTTP in, topics out. */
import { at, BATCH, event, idsOf, IngestionLab, NOW, SINGLE } from './ingestion-lab.ts';

const lab = new IngestionLab();
beforeAll(() => lab.open(), 60_000);
afterAll(() => lab.close());

describe('an accepted event', () => {
  it('lies on the stream of its type as it was sent, under its subject, with known time and correlation', async () => {
    const sent = event({ tenant: 'acme', datacontenttype: 'application/json' });
    const { status, body } = await lab.post([sent], BATCH, { 'x-correlation-id': 'order-77' });
    expect({ status, accepted: body['accepted'] }).toEqual({ status: 202, accepted: 1 });
    const record = (await lab.onLog('events.order.placed')).find(({ headers }) => headers['ce_id'] === sent['id']);
    expect(record).toMatchObject({ key: 'customer-1', value: '{"amount":1}' });
    expect(Date.parse(record?.headers['ce_knowntime'] ?? '')).toBeGreaterThan(NOW);
    expect(record?.headers).toMatchObject({
      ce_type: 'order.placed',
      ce_time: at(-60),
      ce_tenant: 'acme',
      ce_correlationid: 'order-77',
    });
  });

  it('may come alone, in a batch, or with its attributes in headers', async () => {
    const single = await lab.post(event(), SINGLE);
    const headers = {
      'ce-specversion': '1.0',
      'ce-id': 'in-headers',
      'ce-source': '/shop',
      'ce-type': 'order.placed',
      'ce-subject': 'J%C3%B6rg',
    };
    const binary = await lab.post({ amount: 5 }, 'application/json', headers);
    expect([single.status, single.body['accepted'], binary.status, binary.body['accepted']]).toEqual([202, 1, 202, 1]);
    const record = (await lab.onLog('events.order.placed')).find(({ headers: of }) => of['ce_id'] === 'in-headers');
    expect(record).toMatchObject({ key: 'Jörg', value: '{"amount":5}' });
  });

  it('has its id as the ordering key where it names no subject', async () => {
    const { subject: _subject, ...plain } = event({ id: 'alone' });
    await lab.post([plain]);
    expect((await lab.onLog('events.order.placed')).find(({ headers }) => headers['ce_id'] === 'alone')?.key).toBe('alone');
  });

  it('is counted under its type, and the counts sum up to what was received', async () => {
    const before = await ledgerOf('order.placed');
    const twice = event();
    await lab.post([twice, twice, event({ data: {} })]);
    const after = await ledgerOf('order.placed');
    expect(after).toEqual({
      received: before.received + 3,
      accepted: before.accepted + 1,
      duplicate: before.duplicate + 1,
      late: before.late,
      quarantined: before.quarantined + 1,
    });
  });
});

interface Counts {
  received: number;
  accepted: number;
  duplicate: number;
  late: number;
  quarantined: number;
}

async function ledgerOf(type: string): Promise<Counts> {
  const { body } = await lab.send('/v1/events/ledger', {});
  return ((body['types'] as unknown as Record<string, Counts>)[type] ?? {
    received: 0,
    accepted: 0,
    duplicate: 0,
    late: 0,
    quarantined: 0,
  }) as Counts;
}

describe('a repeat', () => {
  it('is recognised by source and id, whatever it holds, and is no fault', async () => {
    const first = event();
    await lab.post([first]);
    const { status, body } = await lab.post({ ...first, data: { amount: 99 } }, SINGLE);
    expect([status, body['duplicate']]).toEqual([202, 1]);
    expect(await lab.verdictOf({ ...first, source: '/other-shop' })).toMatchObject({ verdict: 'accepted' });
  });

  it('is accepted exactly once of 32 at the same time', async () => {
    const same = event();
    const answers = await Promise.all(Array.from({ length: 32 }, () => lab.post([same])));
    expect(answers.filter(({ body }) => body['accepted'] === 1)).toHaveLength(1);
    expect(idsOf(await lab.onLog('events.order.placed')).filter((id) => id === same['id'])).toHaveLength(1);
  });

  it('is recognised after a restart', async () => {
    const first = event();
    await lab.post([first]);
    await lab.stop();
    await lab.start();
    expect(await lab.verdictOf(first)).toMatchObject({ verdict: 'duplicate' });
  });
});

describe('an invalid event', () => {
  it.each([
    ['no specversion', { specversion: undefined }, '/specversion'],
    ['another specversion', { specversion: '0.3' }, '/specversion'],
    ['an empty id', { id: '' }, '/id'],
    ['a number as source', { source: 7 }, '/source'],
    ['no type', { type: undefined }, '/type'],
    ['a time without offset', { time: '2026-03-01T11:59:00' }, '/time'],
    ['a day that does not exist', { time: '2026-02-31T11:59:00Z' }, '/time'],
    ['an attribute name with capitals', { tenantId: 'x' }, '/tenantId'],
    ['a structured attribute', { tenant: { a: 1 } }, '/tenant'],
    ['an empty subject', { subject: '' }, '/subject'],
    ['data twice', { data_base64: 'e30=' }, '/data_base64'],
    ['data that are not JSON', { datacontenttype: 'text/xml' }, '/datacontenttype'],
  ])('with %s is quarantined and told where', async (_what, over, path) => {
    expect(await lab.verdictOf(over)).toMatchObject({ verdict: 'quarantined', reason: 'envelope', path });
  });

  it('against its schema is quarantined with the place in its data', async () => {
    expect(await lab.verdictOf({ data: { amount: -1 } })).toMatchObject({ verdict: 'quarantined', reason: 'schema', path: '/data/amount' });
    expect(await lab.verdictOf({ data: {} })).toMatchObject({ reason: 'schema', path: '/data/amount' });
    expect((await lab.verdictOf({ data: { amount: 1, amuont: 2 } })).detail).toContain('amuont');
  });

  it('of an undeclared type is told the nearest names', async () => {
    const found = await lab.verdictOf({ type: 'order.place' });
    expect(found).toMatchObject({ verdict: 'quarantined', reason: 'unknown-type', path: '/type' });
    expect(found.detail).toContain('order.placed');
  });

  it('alone is a faulty request, and is kept all the same with its original', async () => {
    const broken = event({ id: 'broken-1', data: { amount: 'much' } });
    const { status, body } = await lab.post(broken, SINGLE);
    expect({ status, code: body['code'], faults: body['faults'] }).toMatchObject({
      status: 400,
      code: 'invalid',
      faults: [{ path: '/data/amount' }],
    });
    const kept = (await lab.onLog('events-refused.v1')).map(({ value }) => JSON.parse(value) as { eventId: string; original: string });
    expect(JSON.parse(kept.find(({ eventId }) => eventId === 'broken-1')?.original ?? '{}')).toEqual(broken);
  });

  it('does not hinder the others of its batch', async () => {
    const { body } = await lab.post([event(), event({ data: 1 }), event()]);
    expect(body.results?.map(({ verdict }) => verdict)).toEqual(['accepted', 'quarantined', 'accepted']);
  });
});

describe('a request that is no event', () => {
  it.each([
    ['broken JSON', '[{', BATCH, 400],
    ['a batch that is no array', '{}', BATCH, 400],
    ['a media type without events', 'a=b', 'application/x-www-form-urlencoded', 415],
    ['JSON without ce- headers', '{}', 'application/json', 415],
  ])('%s is refused with a sentence', async (_what, text, type, status) => {
    const answer = await lab.post(text, type);
    expect(answer.status).toBe(status);
    expect(String(answer.body['detail']).length).toBeGreaterThan(20);
  });
});
