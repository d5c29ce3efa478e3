/** Erasing a subject: what ingestion does itself, and how it follows what the others do. */
import { audit } from '@roofshot/contracts/audit';
import { EVENT_ERASED } from '@roofshot/contracts/envelope';
import { erasures } from '@roofshot/contracts/erasures';
import { refusedEvents } from '@roofshot/contracts/events';
import type { ErasureAnswer } from '@roofshot/contracts/http/erasures';
import { encodeEvent } from '@roofshot/messaging/cloud-event-codec';
import { eventually } from '@roofshot/testing/eventually';
import { event, eventsOf, IngestionLab, NOW } from './ingestion-lab.ts';

const lab = new IngestionLab();
beforeAll(() => lab.open(), 60_000);
afterAll(() => lab.close());

const JSON_TYPE = { 'content-type': 'application/json' };

async function erase(body: object, headers: Record<string, string> = {}): Promise<ErasureAnswer> {
  const answer = await lab.send('/v1/erasures', { method: 'POST', body: JSON.stringify(body), headers: { ...JSON_TYPE, ...headers } });
  expect(answer.status).toBe(202);
  return answer.body as unknown as ErasureAnswer;
}

const find = async (id: string): Promise<ErasureAnswer> => (await lab.send(`/v1/erasures/${id}`)).body as unknown as ErasureAnswer;
const partOf = (answer: ErasureAnswer, name: string): ErasureAnswer['services'][number] | undefined =>
  answer.services.find(({ service }) => service === name);

async function ownPartDone(id: string): Promise<ErasureAnswer> {
  await eventually(async () => expect(partOf(await find(id), 'ingestion')?.state).toBe('done'));
  return find(id);
}

/** As another service says that it has done its part. */
async function say(erasureId: string, service: string, kept: { store: string; reason: string }[] = []): Promise<void> {
  const time = new Date(NOW).toISOString();
  const data = { erasureId, service, erased: { rows: 1 }, kept };
  const said = {
    specversion: '1.0',
    source: `/roofshot/${service}`,
    id: `${erasureId}/${service}`,
    type: 'subject.erased',
    time,
    knowntime: time,
    data,
  } as const;
  await lab.bus.publish([encodeEvent({ topic: erasures.name, key: erasureId }, said)]);
}

test('the events of the subject are overwritten in their places, accepted and refused ones, and those of others stay', async () => {
  await lab.post([
    event({ id: 'a1', subject: 'ann@example.org', data: { amount: 1, note: 'ring ann@example.org' } }),
    event({ id: 'b1', subject: 'bob' }),
    event({ id: 'a2', subject: 'ann@example.org', data: { amount: 'wrong' } }),
  ]);
  const before = eventsOf(await lab.onLog('events.order.placed'));
  const { id } = await erase({ subject: 'ann@example.org' });
  expect(partOf(await ownPartDone(id), 'ingestion')).toMatchObject({ erased: { events: 2 }, kept: [] });
  const after = eventsOf(await lab.onLog('events.order.placed'));
  expect(after.map(({ partition, offset }) => [partition, offset])).toEqual(before.map(({ partition, offset }) => [partition, offset]));
  expect(JSON.stringify([...after, ...(await lab.onLog(refusedEvents.name))])).not.toContain('ann@example.org');
  expect(after.filter(({ headers }) => headers['ce_type'] === EVENT_ERASED).map(({ headers }) => headers['ce_id'])).toEqual(['a1']);
  expect(after.filter(({ key }) => key === 'bob')).toHaveLength(1);
  expect((await lab.verdictOf({ id: 'a1', subject: 'ann@example.org' })).verdict).toBe('duplicate');
});

test('it is finished when every service has said so, says what is kept, and the subject is nowhere in the database any more', async () => {
  await lab.post([event({ subject: 'carla-secret' })]);
  const { id, services } = await erase({ subject: 'carla-secret', reason: 'she asked' }, { 'x-actor': 'dpo' });
  const others = services.filter(({ service }) => service !== 'ingestion'); // which may be done by now
  expect(others.map(({ service, state }) => `${service} ${state}`)).toEqual(['experiments waiting', 'features waiting', 'serving waiting']);
  await ownPartDone(id);
  expect(await find(id)).toMatchObject({ state: 'running', finishedAt: null, requestedBy: 'dpo' });
  for (const service of ['features', 'experiments']) await say(id, service);
  await say(id, 'serving', [{ store: 'spools', reason: 'for a while' }]);
  await eventually(async () => expect((await find(id)).state).toBe('finished'));
  expect(partOf(await find(id), 'serving')).toMatchObject({ state: 'done', erased: { rows: 1 }, kept: [{ store: 'spools' }] });
  const said = (await lab.onLog(erasures.name)).map(({ headers, value }) => [headers['ce_type'], JSON.parse(value) as unknown]);
  expect(said).toContainEqual(['erasure.finished', expect.objectContaining({ erasureId: id, hasKept: true })]);
  // What waits in queues is for services that do not run here.
  expect(await tablesWith('carla-secret')).toEqual(['messaging.commands']);
});

/** Tables of the database with the text in some row. */
async function tablesWith(text: string): Promise<string[]> {
  const tables = await lab.database.sql.query<{ name: string }>(
    `SELECT schemaname || '.' || quote_ident(tablename) AS name FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const rows = await lab.database.sql.query(`SELECT FROM ${name} AS r WHERE position($1 IN r::text) > 0 LIMIT 1`, [text]);
    if (rows.length > 0) found.push(name);
  }
  return found;
}

test('a request that is sent again is the same erasure, ordered once', async () => {
  const first = await erase({ subject: 'dan', requestId: 'ticket-7' });
  const again = await erase({ subject: 'dan', requestId: 'ticket-7' });
  expect([again.id, again.erasedAt]).toEqual([first.id, first.erasedAt]);
  const [other, fresh] = [await erase({ subject: 'danny', requestId: 'ticket-7' }), await erase({ subject: 'dan' })];
  expect(new Set([first.id, other.id, fresh.id]).size).toBe(3);
  const sent = await lab.database.sql.query(`SELECT id FROM messaging.commands WHERE queue = 'features.erase-subject.v1' AND id = $1`, [
    first.id,
  ]);
  expect(sent).toHaveLength(1);
});

test('the audit names who asked and why, and the subject by a hash alone', async () => {
  const { id } = await erase({ subject: 'emil-secret', reason: 'ticket 8' }, { 'x-actor': 'dpo' });
  const records = (await lab.onLog(audit.name)).filter(({ value }) => value.includes(id));
  expect(records.map(({ value }) => JSON.parse(value) as unknown)).toMatchObject([
    { actor: 'dpo', action: 'erase', reason: 'ticket 8', target: expect.stringMatching(/^Subject\/[0-9a-f]{32}$/) as string },
  ]);
  expect(JSON.stringify(records)).not.toContain('emil-secret');
});

test('with types only their events go, and the answer says what therefore stays', async () => {
  await lab.post([event({ id: 'f1', subject: 'fay' }), event({ id: 'f2', subject: 'fay', type: 'door.opened', data: {} })]);
  const { id } = await erase({ subject: 'fay', types: ['door.opened'] });
  expect(partOf(await ownPartDone(id), 'ingestion')).toMatchObject({ erased: { events: 1 }, kept: [{ store: refusedEvents.name }] });
  expect((await lab.onLog('events.order.placed')).filter(({ key }) => key === 'fay')).toHaveLength(1);
});

test('events after the erasure are those of a new subject of that name', async () => {
  await lab.post([event({ id: 'g1', subject: 'gil' })]);
  const { id } = await erase({ subject: 'gil' });
  await ownPartDone(id);
  expect((await lab.verdictOf({ id: 'g2', subject: 'gil' })).verdict).toBe('accepted');
  expect((await lab.onLog('events.order.placed')).filter(({ key }) => key === 'gil').map(({ headers }) => headers['ce_id'])).toEqual([
    'g2',
  ]);
});

test('killed before its part was committed, it begins it again', async () => {
  await lab.post([event({ id: 'h1', subject: 'hal' })]);
  // The transaction of the part fails once, after the log was overwritten.
  await lab.database.sql.query(`
    CREATE SEQUENCE tries;
    CREATE FUNCTION refuse_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.message_id LIKE 'ingestion.erase-subject%' AND nextval('tries') = 1 THEN RAISE EXCEPTION 'killed'; END IF;
      RETURN NEW; END $$;
    CREATE CONSTRAINT TRIGGER refuse_once AFTER INSERT ON ingestion.inbox DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_once()`);
  const { id } = await erase({ subject: 'hal' });
  await ownPartDone(id);
  expect((await lab.onLog('events.order.placed')).some(({ key }) => key === 'hal')).toBe(false);
  await lab.database.sql.query('DROP TRIGGER refuse_once ON ingestion.inbox');
});

test.each([
  [{}, 400],
  [{ subject: '' }, 400],
  [{ subject: 'x', types: [] }, 400],
  [{ subject: 'x', typo: true }, 400],
])('a faulty request %j is refused', async (body, status) => {
  expect((await lab.send('/v1/erasures', { method: 'POST', body: JSON.stringify(body), headers: JSON_TYPE })).status).toBe(status);
});

test('an erasure that nobody asked for is not found', async () => {
  expect((await lab.send('/v1/erasures/era_0')).status).toBe(404);
});
