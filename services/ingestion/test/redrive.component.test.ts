/** Refused events that are tried again: repaired, under their own id and time, each once whatever happens. */
import type { QuarantineCounts, RedriveAnswer } from '@roofshot/contracts/http/quarantine';
import { eventually } from '@roofshot/testing/eventually';
import { at, BATCH, event, NOW, type Answer } from './ingestion-lab.ts';
import { broken, JSON_TYPE, mended, newShop, NONE, QuarantineLab, type Counts } from './quarantine-lab.ts';

const lab = new QuarantineLab();
beforeAll(() => lab.open(), 60_000);
afterAll(() => lab.close());

const redriven = async (): Promise<Counts> => (await lab.ledger()).keys['(redrive)']?.['order.placed'] ?? NONE;

/** Everything that a redrive may change. */
async function everything(): Promise<unknown> {
  const [tables] = await lab.database.sql.query(
    `SELECT (SELECT count(*) FROM ingestion.seen) AS seen, (SELECT jsonb_agg(l ORDER BY l) FROM ingestion.ledger l) AS ledger,
       (SELECT jsonb_agg(q ORDER BY place) FROM ingestion.quarantine q) AS quarantine`,
  );
  const records = [await lab.onLog('events.order.placed'), await lab.onLog('events-refused.v1'), await lab.onLog('audit.v1')];
  return { tables, records: records.map((of) => of.filter(({ headers }) => headers['ce_type'] !== 'source.progressed').length) };
}

describe('a redrive', () => {
  it('repairs by a patch: the event keeps its id, its time and its correlation, and becomes known now', async () => {
    const source = newShop();
    const sent = broken(source);
    await lab.post([sent], BATCH, { 'x-correlation-id': 'first-request' });
    const { id } = await lab.only({ source });
    const before = Date.now();
    const answer = await lab.redrive({ ids: [id], patch: mended });
    const told = { id, eventId: sent['id'], eventType: 'order.placed', verdict: 'accepted' };
    expect(answer).toMatchObject({ dryRun: false, accepted: 1, quarantined: 0, results: [told], notOpen: [], next: null });
    const [record, ...others] = await lab.onStream(sent['id']);
    expect(others).toEqual([]);
    expect(record).toMatchObject({ key: 'customer-1', value: '{"amount":7}' });
    expect(record?.headers).toMatchObject({ ce_source: source, ce_time: at(-60), ce_correlationid: 'first-request' });
    expect(Date.parse(record?.headers['ce_knowntime'] ?? '')).toBeGreaterThanOrEqual(before - 1_000);
    expect(await lab.only({ source })).toMatchObject({
      status: 'redriven',
      redrives: 1,
      lastRedrive: { by: 'ann', verdict: 'accepted' },
      original: JSON.stringify(sent),
    });
  });

  it('repairs by a newer declaration alone, at once after it was applied', async () => {
    const source = newShop();
    await lab.post([event({ source, type: 'cart.left', id: 'cart' })]);
    const { id } = await lab.only({ source });
    expect(await lab.redrive({ ids: [id] })).toMatchObject({ quarantined: 1, results: [{ reason: 'unknown-type' }] });
    await lab.declare('cart.left', { schema: { type: 'object', required: ['items'] } });
    expect(await lab.redrive({ ids: [id] })).toMatchObject({ quarantined: 1, results: [{ reason: 'schema', path: '/data/items' }] });
    await lab.declare('cart.left', { schema: { type: 'object' } });
    expect(await lab.redrive({ ids: [id] })).toMatchObject({ accepted: 1 });
    expect(await lab.onStream('cart', 'events.cart.left')).toHaveLength(1);
    expect(await lab.only({ source })).toMatchObject({ redrives: 3, reason: 'unknown-type', lastRedrive: { verdict: 'accepted' } });
  });

  it('goes through many by a filter, oldest first, and says what is still wrong with which', async () => {
    const source = newShop();
    const events = Array.from({ length: 450 }, (_, n) =>
      broken(source, { id: `${source}-${n}`, ...(n % 10 === 0 && { data: { amuont: 1 } }) }),
    );
    await lab.post(events);
    const first = await lab.redrive({ filter: { source }, patch: mended, limit: 300 });
    expect(first).toMatchObject({ accepted: 270, quarantined: 30, next: expect.any(String) });
    expect(first.results.map(({ eventId }) => eventId)).toEqual(events.slice(0, 300).map(({ id }) => id));
    expect(first.results[0]).toMatchObject({ verdict: 'quarantined', reason: 'patch', detail: expect.stringContaining('/data/amount') });
    const second = await lab.redrive({ filter: { source }, patch: mended, limit: 300, cursor: first.next ?? '' });
    expect(second).toMatchObject({ accepted: 135, quarantined: 15, next: null });
    const accepted = (await lab.onLog('events.order.placed')).filter(({ headers }) => headers['ce_source'] === source);
    expect(accepted.map(({ headers }) => headers['ce_id'])).toEqual(events.flatMap(({ id }, n) => (n % 10 === 0 ? [] : [id])));
    expect((await lab.list({ source, limit: '500' })).events).toHaveLength(45);
    expect((await lab.audited('redrive-events')).at(-1)).toMatchObject({
      actor: 'ann',
      detail: { filter: { source }, patch: ['replace /data/amount'], accepted: 135, quarantined: 15 },
    });
  });

  it('that is dry says the same and changes nothing', async () => {
    const source = newShop();
    const sender = event({ source });
    const again = broken(source, { id: sender['id'] });
    await lab.post([
      sender,
      broken(source),
      broken(source, { id: 'twin' }),
      broken(source, { id: 'twin' }),
      event({ source, data: {} }),
      again,
    ]);
    const before = await everything();
    const dry = await lab.redrive({ filter: { source }, patch: mended, dryRun: true });
    expect(await everything()).toEqual(before);
    const wet = await lab.redrive({ filter: { source }, patch: mended });
    expect(dry).toEqual({ ...wet, dryRun: true });
    expect(wet.results.map(({ verdict }) => verdict)).toEqual(['accepted', 'accepted', 'duplicate', 'quarantined', 'duplicate']);
    expect(await lab.list({ source })).toMatchObject({ events: [{ path: '/data/amount' }] });
  });

  it('counts what leaves as received once more, and what does not leave not at all', async () => {
    const source = newShop();
    await lab.post([broken(source), broken(source), event({ source, data: {} })]);
    const [before, own] = [(await lab.ledger()).types['order.placed'] ?? NONE, await redriven()];
    await lab.redrive({ filter: { source }, patch: mended });
    await lab.redrive({ filter: { source }, patch: mended });
    const after = await lab.ledger();
    expect(await redriven()).toEqual({ ...own, received: own.received + 2, accepted: own.accepted + 2 });
    expect(after.types['order.placed']).toEqual({ ...before, received: before.received + 2, accepted: before.accepted + 2 });
    for (const counts of Object.values(after.types))
      expect(counts.received).toBe(counts.accepted + counts.duplicate + counts.late + counts.quarantined);
    const { total } = await lab.get<QuarantineCounts>('/v1/quarantine/counts?status=any');
    const refused = Object.values(after.types).reduce((sum, { late, quarantined }) => sum + late + quarantined, 0);
    expect(total).toBe(refused);
  });

  it('does not make a late event early', async () => {
    const source = newShop();
    await lab.post([event({ source, type: 'door.opened', time: at(-3_600) })]);
    expect(await lab.redrive({ filter: { source } })).toMatchObject({ late: 1, results: [{ verdict: 'late', reason: 'too-late' }] });
    const patch = [{ op: 'replace', path: '/time', value: at(0) }];
    expect(await lab.redrive({ filter: { source }, patch })).toMatchObject({ late: 1, results: [{ reason: 'identity', path: '/time' }] });
    await lab.declare('door.opened', { schema: { type: 'object' }, maxDelay: '30d' });
    expect(await lab.redrive({ filter: { source } })).toMatchObject({ accepted: 1 });
    await lab.declare('door.opened', { schema: { type: 'object' }, maxDelay: '60s' });
  });

  it('gives an event without a time that of its receipt', async () => {
    const source = newShop();
    await lab.post([broken(source, { id: 'timeless', time: undefined })]);
    lab.clock = NOW + 3_600_000;
    await lab.redrive({ filter: { source }, patch: mended });
    lab.clock = NOW;
    expect((await lab.onStream('timeless'))[0]?.headers['ce_time']).toBe(at(0));
  });

  it('replaces as a whole what could not be read', async () => {
    const source = newShop();
    const written = JSON.stringify(event({ source, data: { amount: 1, note: 'Jorg' } }));
    const latin1 = Buffer.from(written.replace('Jorg', 'Jörg'), 'latin1');
    const unfinished = Buffer.from(`\n{"source":"${source}"`);
    await lab.fetch('/v1/events', {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson', 'x-correlation-id': 'unreadable' },
      body: Buffer.concat([latin1, unfinished]),
    });
    const unread = (await lab.list({ reason: 'json' })).events.filter(({ correlationId }) => correlationId === 'unreadable');
    expect(unread.map(({ isWhole }) => isWhole)).toEqual([true, false]);
    const ids = unread.map(({ id }) => id);
    expect(await lab.redrive({ ids })).toMatchObject({ quarantined: 2, results: [{ reason: 'json' }, { reason: 'json' }] });
    const whole = event({ source, id: `${source}-whole` });
    expect(await lab.redrive({ ids: ids.slice(0, 1), patch: [{ op: 'replace', path: '', value: whole }] })).toMatchObject({ accepted: 1 });
    expect(await lab.onStream(whole['id'])).toHaveLength(1);
  });

  it('leaves a key its rights, and goes under another where it is told to', async () => {
    const source = newShop();
    const { key } = await lab.newKey({ eventTypes: ['door.opened'] });
    await lab.post([event({ source, id: 'not-mine' })], BATCH, { authorization: `Bearer ${key}` });
    expect(await lab.redrive({ filter: { source } })).toMatchObject({ quarantined: 1, results: [{ reason: 'not-allowed' }] });
    const { id: as } = await lab.newKey({ eventTypes: ['order.placed'] });
    expect(await lab.redrive({ filter: { source }, as })).toMatchObject({ accepted: 1 });
    expect((await lab.ledger()).keys[as]).toBeUndefined();
    await lab.fetch(`/v1/write-keys/${as}`, { method: 'DELETE' });
    expect((await lab.order('redrives', { filter: {}, as })).status).toBe(400);
  });
});

describe('what came by Kafka', () => {
  it('has no right to import until a key is named that has it, and keeps when it became known', async () => {
    const imported = event({ source: newShop(), type: 'import.row', knowntime: at(-7_200), time: at(-9_000) });
    const headers = { 'content-type': 'application/cloudevents+json' };
    await lab.bus.publish([{ topic: 'events-inbox.v1', key: 'row', headers, value: JSON.stringify(imported) }]);
    const filter = { source: String(imported['source']) };
    await eventually(async () => expect((await lab.list(filter)).events).toMatchObject([{ writeKey: 'inbox', reason: 'not-allowed' }]));
    expect(await lab.redrive({ filter })).toMatchObject({ quarantined: 1, results: [{ reason: 'not-allowed' }] });
    const { id: as } = await lab.newKey({ mayImport: true });
    expect(await lab.redrive({ filter, as })).toMatchObject({ accepted: 1 });
    const [record] = await lab.onStream(imported['id'], 'events.import.row');
    expect(record?.headers).toMatchObject({ ce_time: at(-9_000), ce_knowntime: at(-7_200) });
  });

  it('does not become an event whose data is a text, where the data was no JSON', async () => {
    const source = newShop();
    const headers = { ce_specversion: '1.0', ce_id: 'half', ce_source: source, ce_type: 'door.opened', 'content-type': 'application/json' };
    await lab.bus.publish([{ topic: 'events-inbox.v1', key: 'half', headers, value: '{"door":' }]);
    await eventually(async () => expect((await lab.list({ source })).events).toHaveLength(1));
    expect(await lab.redrive({ filter: { source } })).toMatchObject({ quarantined: 1, results: [{ reason: 'json', path: '/data' }] });
    const patch = [{ op: 'replace', path: '/data', value: { door: 3 } }];
    expect(await lab.redrive({ filter: { source }, patch })).toMatchObject({ accepted: 1 });
    expect(await lab.onStream('half', 'events.door.opened')).toMatchObject([{ value: '{"door":3}' }]);
  });
});

describe('a patch', () => {
  it.each<[string, unknown, string]>([
    ['an operation that does not exist', [{ op: 'merge', path: '/a' }], '/patch/0/op'],
    ['a path that is none', [{ op: 'remove', path: 'data/amount' }], '/patch/0/path'],
    ['no value', [{ op: 'add', path: '/a' }], '/patch/0/value'],
    ['a move from nowhere', [{ op: 'move', path: '/a' }], '/patch/0/from'],
    ['no operation', [], '/patch'],
  ])('with %s is refused before anything is tried', async (_what, patch, path) => {
    const { status, body } = await lab.order('redrives', { filter: {}, patch });
    expect([status, (body['faults'] as unknown as { path: string }[])[0]?.path]).toEqual([400, path]);
  });

  it.each<[string, { op: string; path: string; from?: string; value?: unknown }]>([
    ['reaches for a prototype', { op: 'add', path: '/__proto__/polluted', value: 'yes' }],
    ['reaches for a constructor', { op: 'add', path: '/constructor/prototype/polluted', value: 'yes' }],
    ['leaves an array', { op: 'add', path: '/data/list/9', value: 1 }],
    ['expects something else', { op: 'test', path: '/data/amount', value: 1 }],
    ['moves the event into itself', { op: 'move', from: '/data', path: '/data/inner' }],
    ['removes the event', { op: 'remove', path: '' }],
    ['changes the id', { op: 'replace', path: '/id', value: 'other' }],
  ])('that %s is told with the event, which stays as it is', async (_what, operation) => {
    const source = newShop();
    await lab.post([broken(source, { data: { amount: 'much', list: [1] } })]);
    const [before] = (await lab.list({ source })).events;
    const answer = await lab.redrive({ filter: { source }, patch: [operation] });
    expect(answer.results).toEqual([
      expect.objectContaining({ verdict: 'quarantined', reason: expect.stringMatching(/^(patch|identity)$/) }),
    ]);
    expect(await lab.only({ source })).toMatchObject({ status: 'open', original: before?.original });
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('with a member that is no member is refused', async () => {
    const body = '{"filter":{},"patch":[{"op":"add","path":"/data","value":{"__proto__":{"x":1}}}]}';
    expect((await lab.send('/v1/quarantine/redrives', { method: 'POST', headers: JSON_TYPE, body })).status).toBe(400);
  });
});

describe('redrives of the same events', () => {
  it('at the same time, in two processes, publish each once', async () => {
    const source = newShop();
    const other = await lab.startReplica('other');
    await lab.post(Array.from({ length: 120 }, (_, n) => broken(source, { id: `${source}-${n}` })));
    const ids = (await lab.list({ source, limit: '500' })).events.map(({ id }) => id);
    // Nothing is to be recognised as a repeat: the quarantine alone keeps them from being published twice.
    const { sql } = lab.database;
    await sql.query(`CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN DELETE FROM ingestion.seen WHERE fingerprint = NEW.fingerprint; RETURN NULL; END'`);
    await sql.query('CREATE TRIGGER forgetful AFTER INSERT ON ingestion.seen FOR EACH ROW EXECUTE FUNCTION forget()');
    try {
      const urls = [lab.url, other.urls['ingestion'] ?? ''];
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, n) =>
          lab.order('redrives', n % 3 === 0 ? { ids, patch: mended } : { filter: { source }, patch: mended }, urls[n % 2]),
        ),
      );
      const accepted = answers.flatMap(({ body }) => (body as unknown as RedriveAnswer).results.map(({ id }) => id));
      expect(accepted.sort()).toEqual([...ids].sort());
    } finally {
      await sql.query('DROP TRIGGER forgetful ON ingestion.seen');
      await other.stop();
    }
    const published = (await lab.onLog('events.order.placed')).filter(({ headers }) => headers['ce_source'] === source);
    expect(published).toHaveLength(120);
    const repeat = await lab.redrive({ ids, patch: mended });
    expect([repeat.results.length, repeat.notOpen.length]).toEqual([0, 120]);
  });

  it('that end in the middle, as those of a killed process do, have changed nothing', async () => {
    const source = newShop();
    await lab.post([broken(source, { id: 'cut-off' })]);
    const before = await redriven();
    const { sql } = lab.database;
    let answer: Promise<Answer> | undefined;
    await sql.transaction(async (tx) => {
      // The stamp is the last thing before the events are written: the redrive has done all else and waits for this.
      await tx.query(`SELECT FROM ingestion.streams WHERE topic = 'events.order.placed' FOR UPDATE`);
      answer = lab.order('redrives', { filter: { source }, patch: mended });
      await eventually(async () => {
        const killed = await sql.query<{ killed: boolean }>(
          `SELECT pg_terminate_backend(pid) AS killed FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
           AND query LIKE '%ingestion.streams%is_fence%' AND pid <> pg_backend_pid()`,
        );
        expect(killed.length).toBeGreaterThan(0);
      });
    });
    expect((await answer)?.status).toBe(503);
    expect(await lab.only({ source })).toMatchObject({ status: 'open', redrives: 0, lastRedrive: null });
    expect([await lab.onStream('cut-off'), await redriven()]).toEqual([[], before]);
    expect(await lab.redrive({ filter: { source }, patch: mended })).toMatchObject({ accepted: 1 });
    expect(await lab.redrive({ filter: { source }, patch: mended })).toMatchObject({ accepted: 0, results: [] });
    expect(await lab.onStream('cut-off')).toHaveLength(1);
  });
});
