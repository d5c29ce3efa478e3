/** What the clocks, the streams of lines and the declared types do to a verdict. */
import { forgetSeen } from '../src/seen-store.ts';
import { at, BATCH, event, IngestionLab, NOW } from './ingestion-lab.ts';

const lab = new IngestionLab();
beforeAll(() => lab.open(), 60_000);
afterAll(() => lab.close());

describe('the clocks', () => {
  it('call an event late where its type bounds the delay, and keep it', async () => {
    expect(await lab.verdictOf({ type: 'door.opened', time: at(-120) })).toMatchObject({
      verdict: 'late',
      reason: 'too-late',
    });
    expect(await lab.verdictOf({ type: 'door.opened', time: at(-30) })).toMatchObject({ verdict: 'accepted' });
    expect(await lab.verdictOf({ time: '2020-01-01T00:00:00Z' })).toMatchObject({ verdict: 'accepted' });
  });

  it('take the known time of an import from the event, never from the future', async () => {
    const id = 'row-1';
    await lab.post([event({ id, type: 'import.row', time: '2001-01-15T07:10:00+01:00', knowntime: '2001-01-15T06:11:00Z' })]);
    const record = (await lab.onLog('events.import.row')).find(({ headers }) => headers['ce_id'] === id);
    expect(record?.headers).toMatchObject({ ce_time: '2001-01-15T06:10:00.000Z', ce_knowntime: '2001-01-15T06:11:00.000Z' });
    const future = await lab.verdictOf({ type: 'import.row', knowntime: at(1) });
    expect(future).toMatchObject({ verdict: 'quarantined', reason: 'known-time', path: '/knowntime' });
  });

  it('stamp the known time of every other event, whatever it says', async () => {
    const id = 'stamped';
    await lab.post([event({ id, knowntime: '2001-01-01T00:00:00Z' })]);
    const record = (await lab.onLog('events.order.placed')).find(({ headers }) => headers['ce_id'] === id);
    expect(Date.parse(record?.headers['ce_knowntime'] ?? '')).toBeGreaterThan(NOW);
  });

  it('refuse an event time far ahead of the known time', async () => {
    expect(await lab.verdictOf({ time: at(48 * 3600) })).toMatchObject({
      verdict: 'quarantined',
      reason: 'event-time',
      path: '/time',
    });
  });

  it('let an importer say its progress in every partition of its streams, behind its events', async () => {
    const progress = '2001-01-15T07:00:00Z';
    await lab.post([event({ type: 'import.row', knowntime: '2001-01-15T06:59:00Z', time: '2001-01-15T06:59:00Z' })], BATCH, {
      'roofshot-progress': progress,
    });
    const records = await lab.onLog('events.import.row');
    const said = records.filter(
      ({ headers, value }) => headers['ce_type'] === 'source.progressed' && value.includes('2001-01-15T07:00:00.000Z'),
    );
    expect(said.map(({ partition }) => partition).sort()).toEqual(
      (await lab.bus.bounds('events.import.row')).map(({ partition }) => partition).sort(),
    );
    const others = await lab.onLog('events.order.placed');
    expect(others.some(({ headers, value }) => headers['ce_type'] === 'source.progressed' && value.includes('/roofshot/importer'))).toBe(
      false,
    );
    expect((await lab.post([], BATCH, { 'roofshot-progress': 'soon' })).status).toBe(400);
  });
});

describe('a stream of lines', () => {
  it('is answered by a verdict a line and the sums, a broken line among them', async () => {
    const body = [JSON.stringify(event()), '', '{broken', JSON.stringify(event({ data: {} }))].join('\n');
    const answer = await lab.fetch('/v1/events', {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/x-ndjson' },
    });
    const lines = (await answer.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map((line) => line['verdict'] ?? 'summary')).toEqual(['accepted', 'quarantined', 'quarantined', 'summary']);
    expect(lines.map(({ line }) => line)).toEqual([1, 3, 4, undefined]); // as an editor counts them: the second is blank
    expect(lines.at(-1)).toEqual({ summary: { accepted: 1, duplicate: 0, late: 0, quarantined: 2 } });
  });
});

describe('an event type', () => {
  it('with a faulty schema is refused and changes nothing', async () => {
    const { status, body } = await lab.declare('order.placed', { schema: { type: 'objekt' } });
    expect({ status, faults: body['faults'] }).toMatchObject({ status: 422, faults: [{ path: '/spec/schema' }] });
    expect(await lab.verdictOf({})).toMatchObject({ verdict: 'accepted' });
  });

  it.each([
    ['asynchronous checks', 'async.type', { schema: { $async: true, type: 'object' } }, '/spec/schema'],
    ['a schema without end', 'endless.type', { schema: { $ref: '#' } }, '/spec/schema'],
    ['the name of the control records', 'source.progressed', { schema: { type: 'object' } }, '/spec'],
  ])('with %s is refused', async (_what, name, spec, path) => {
    const { status, body } = await lab.declare(name, spec);
    expect({ status, faults: body['faults'] }).toMatchObject({ status: 422, faults: [{ path }] });
    expect(await lab.verdictOf({ type: name, data: 3 })).toMatchObject({ verdict: 'quarantined', reason: 'unknown-type' });
  });

  it('whose schema this version refuses keeps no other from its events', async () => {
    await lab.declare('old.schema', { schema: { type: 'object' } });
    await lab.database.sql.query(
      `UPDATE ingestion.resources SET generation = generation + 1, spec = '{"schema":{"$ref":"#"}}' WHERE name = 'old.schema'`,
    );
    await lab.stop();
    await lab.start();
    expect(await lab.verdictOf({})).toMatchObject({ verdict: 'accepted' });
    const found = await lab.verdictOf({ type: 'old.schema' });
    expect(found).toMatchObject({ verdict: 'quarantined', reason: 'schema' });
    expect(found.detail).toContain('cannot be used');
  });

  it('holds for the first event after its answer', async () => {
    await lab.declare('late.comer', { schema: { type: 'object', required: ['a'] } });
    expect(await lab.verdictOf({ type: 'late.comer', data: { a: 1 } })).toMatchObject({ verdict: 'accepted' });
    await lab.declare('late.comer', { schema: { type: 'object', required: ['b'] } });
    expect(await lab.verdictOf({ type: 'late.comer', data: { a: 1 } })).toMatchObject({ verdict: 'quarantined', reason: 'schema' });
  });

  it('may be written in draft-07', async () => {
    await lab.declare('old.style', {
      schema: { $schema: 'http://json-schema.org/draft-07/schema#', type: 'object', dependencies: { a: ['b'] } },
    });
    expect(await lab.verdictOf({ type: 'old.style', data: { a: 1 } })).toMatchObject({ verdict: 'quarantined', reason: 'schema' });
  });
});

describe('forgetting', () => {
  it('lets an id be used again after the horizon', async () => {
    const first = event();
    await lab.post([first]);
    await lab.database.sql.query("UPDATE ingestion.seen SET seen_at = now() - interval '8 days'");
    expect(await forgetSeen(lab.database.sql, 7 * 86_400, 100_000)).toBeGreaterThan(0);
    lab.clock = NOW + 1;
    expect(await lab.verdictOf(first)).toMatchObject({ verdict: 'accepted' });
  });
});
