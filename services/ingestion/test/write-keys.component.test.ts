/** Who may send what, and how much of it. */
import { gzipSync } from 'node:zlib';
import type { CreatedWriteKey, WriteKeyAnswer } from '@roofshot/contracts/http/ingestion';
import { eventually } from '@roofshot/testing/eventually';
import { at, BATCH, event, IngestionLab, SINGLE, type Answer } from './ingestion-lab.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const LINES_TYPE = { 'content-type': 'application/x-ndjson' };
const lab = new IngestionLab();
beforeAll(() => lab.open(), 60_000);
afterAll(() => lab.close());

let names = 0;
async function newKey(limits: object = {}): Promise<CreatedWriteKey> {
  const body = JSON.stringify({ name: `key-${(names += 1)}`, ...limits });
  const { status, body: created } = await lab.send('/v1/write-keys', { method: 'POST', headers: { ...JSON_TYPE, 'x-actor': 'ann' }, body });
  expect(status).toBe(201);
  return created as unknown as CreatedWriteKey;
}
const withKey = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` });
const post = (key: string, events: readonly unknown[]): Promise<Answer> => lab.post(events, BATCH, withKey(key));
const verdictsOf = ({ body }: Answer): unknown => body.results?.map(({ verdict, reason }) => reason ?? verdict);
const revoke = (id: string): Promise<Response> => lab.fetch(`/v1/write-keys/${id}`, { method: 'DELETE' });
async function listed(id: string): Promise<WriteKeyAnswer | undefined> {
  const { body } = await lab.send('/v1/write-keys');
  return (body as unknown as { writeKeys: WriteKeyAnswer[] }).writeKeys.find((one) => one.id === id);
}

describe('a write key', () => {
  it('is told once, and what is kept cannot be sent', async () => {
    const { id, key } = await newKey({ eventTypes: ['order.placed'], eventsPerDay: 1_000 });
    expect(key).toMatch(/^rsk_[\w-]{32}$/);
    expect(await listed(id)).toMatchObject({
      id,
      eventTypes: ['order.placed'],
      eventsPerDay: 1_000,
      eventsPerSecond: null,
      revokedAt: null,
    });
    const kept = await lab.database.sql.query('SELECT * FROM ingestion.write_keys');
    expect(JSON.stringify([kept, await lab.send('/v1/write-keys'), await lab.onLog('audit.v1')])).not.toContain(key);
  });

  it('is made and revoked under the name of who did it', async () => {
    const { id } = await newKey();
    await revoke(id);
    await eventually(async () => {
      const said = (await lab.onLog('audit.v1')).map(({ value }) => JSON.parse(value) as { actor: string; action: string; target: string });
      expect(said.filter(({ target }) => target === `WriteKey/${id}`)).toMatchObject([
        { actor: 'ann', action: 'create-write-key' },
        { actor: 'anonymous', action: 'revoke-write-key' },
      ]);
    });
  });

  it('has a name of its own while it is in force', async () => {
    const { id, name } = await newKey();
    const again = (): Promise<Answer> => lab.send('/v1/write-keys', { method: 'POST', headers: JSON_TYPE, body: JSON.stringify({ name }) });
    expect((await again()).status).toBe(409);
    await revoke(id);
    expect((await again()).status).toBe(201);
  });

  it('is taken as a bearer and as the user of basic authentication', async () => {
    const { key } = await newKey();
    for (const authorization of [`Bearer ${key}`, `bearer ${key}`, `Basic ${Buffer.from(`${key}:`).toString('base64')}`])
      expect((await lab.post([event()], BATCH, { authorization })).status).toBe(202);
  });

  it.each(['Bearer rsk_nobody', 'Basic !!', 'Digest x', 'Bearer', `Basic ${Buffer.from(':').toString('base64')}`])(
    'that is not known is refused, also where keys are optional: %s',
    async (authorization) => {
      const { status, body } = await lab.post([event()], BATCH, { authorization });
      expect([status, body['code']]).toEqual([401, 'unauthorized']);
    },
  );

  it('is worth nothing once its revocation is answered', async () => {
    const { id, key } = await newKey();
    expect((await post(key, [event()])).status).toBe(202);
    expect((await revoke(id)).status).toBe(204);
    expect((await post(key, [event()])).status).toBe(401);
    expect((await revoke('wk_nobody')).status).toBe(404);
  });

  it('sends only the event types that it names, each of the others with a verdict of its own', async () => {
    const { id, key } = await newKey({ eventTypes: ['order.placed'] });
    const answer = await post(key, [event(), event({ type: 'door.opened' }), event({ type: 'nobody.knows' })]);
    expect(verdictsOf(answer)).toEqual(['accepted', 'not-allowed', 'not-allowed']);
    const { body } = await lab.send('/v1/events/ledger');
    const ofKey = (body as unknown as { keys: Record<string, Record<string, { received: number; accepted: number; quarantined: number }>> })
      .keys[id];
    expect(ofKey).toMatchObject({
      'order.placed': { received: 1, accepted: 1 },
      'door.opened': { received: 1, quarantined: 1 },
      '(undeclared)': { received: 1, quarantined: 1 },
    });
  });

  it('says when something became known only with the right to import', async () => {
    const row = { type: 'import.row', knowntime: at(-3_600), time: at(-3_600), data: {} };
    const [without, importer] = [await newKey(), await newKey({ mayImport: true })];
    expect(verdictsOf(await post(without.key, [event(row)]))).toEqual(['not-allowed']);
    expect(verdictsOf(await post(importer.key, [event(row)]))).toEqual(['accepted']);
    const progress = { 'roofshot-progress': at(-3_600) };
    expect((await lab.post([], BATCH, { ...withKey(without.key), ...progress })).status).toBe(403);
    expect((await lab.post([], BATCH, { ...withKey(importer.key), ...progress })).status).toBe(202);
  });

  it('has its own largest body, also where that is compressed or comes without a length', async () => {
    const { key } = await newKey({ maxBodyBytes: 2_000 });
    const large = JSON.stringify([event({ data: { amount: 1, note: 'x'.repeat(3_000) } })]);
    const headers = { ...withKey(key), 'content-type': BATCH };
    expect((await lab.fetch('/v1/events', { method: 'POST', headers, body: large })).status).toBe(413);
    const packed = { ...headers, 'content-encoding': 'gzip' };
    expect((await lab.fetch('/v1/events', { method: 'POST', headers: packed, body: gzipSync(large) })).status).toBe(413);
    expect((await post(key, [event()])).status).toBe(202);
  });
});

describe('the rate of a key', () => {
  it('lets a second’s worth pass, then refuses with the time after which to come again', async () => {
    const { key } = await newKey({ eventsPerSecond: 50 });
    expect(
      (
        await post(
          key,
          Array.from({ length: 120 }, () => event()),
        )
      ).status,
    ).toBe(202); // more than there is: a debt
    const refused = await post(key, [event()]);
    expect(refused).toMatchObject({ status: 429, body: { code: 'too-many-requests' } });
    expect(refused.body['retryAfterMs']).toBeGreaterThan(0);
    expect(refused.body['retryAfterMs']).toBeLessThan(1_500);
    await eventually(async () => expect((await post(key, [event()])).status).toBe(202));
  });

  it('slows a stream of lines down instead of ending it', async () => {
    const { key } = await newKey({ eventsPerSecond: 2_000 });
    const lines = Array.from({ length: 4_500 }, () => JSON.stringify(event())).join('\n');
    const began = performance.now();
    const headers = { ...withKey(key), 'content-type': 'application/x-ndjson' };
    const told = await (await lab.fetch('/v1/events', { method: 'POST', headers, body: lines })).text();
    expect(JSON.parse(told.trim().split('\n').at(-1) ?? '')).toMatchObject({ summary: { accepted: 4_500 } });
    expect(performance.now() - began).toBeGreaterThan(900); // 2,000 at once, a debt of at most 500, the rest at the rate
  });
});

describe('the quota of a key', () => {
  it('is exact, whoever sends at once, and nothing of a refused request is taken', async () => {
    const { id, key } = await newKey({ eventsPerDay: 155 });
    const batches = await Promise.all(
      Array.from({ length: 40 }, () =>
        post(
          key,
          Array.from({ length: 10 }, () => event()),
        ),
      ),
    );
    const statuses = batches.map(({ status }) => status);
    expect(statuses.filter((status) => status === 202)).toHaveLength(15);
    expect(new Set(statuses)).toEqual(new Set([202, 429]));
    expect((await listed(id))?.eventsToday).toBe(150);
    expect(
      (
        await post(
          key,
          Array.from({ length: 5 }, () => event()),
        )
      ).status,
    ).toBe(202); // these still fit
    const { body } = await lab.send('/v1/events/ledger');
    expect((body as unknown as { keys: Record<string, unknown> }).keys[id]).toMatchObject({
      'order.placed': { received: 155, accepted: 155 },
    });
  });

  it('is spent by every event of a request that was taken, whatever its verdict, and by nothing else', async () => {
    const { id, key } = await newKey({ eventsPerDay: 6 });
    const [valid, invalid] = [event(), event({ data: {} })];
    expect(verdictsOf(await post(key, [valid, valid, invalid]))).toEqual(['accepted', 'duplicate', 'schema']);
    expect((await lab.post(invalid, SINGLE, withKey(key))).status).toBe(400); // and is kept
    expect((await lab.post('{"specv', SINGLE, withKey(key))).status).toBe(400);
    expect((await post(key, [event(), event(), event()])).status).toBe(429);
    const lines = `${JSON.stringify(event())}\n\n \n{broken\n`;
    const told = await lab.fetch('/v1/events', { method: 'POST', body: lines, headers: { ...withKey(key), ...LINES_TYPE } });
    expect(await told.text()).toContain('{"summary":{"accepted":1,"duplicate":0,"late":0,"quarantined":1}}');
    expect((await listed(id))?.eventsToday).toBe(6);
  });

  it('that is spent is told with the moment at which it begins anew', async () => {
    const { key } = await newKey({ eventsPerDay: 1 });
    await post(key, [event()]);
    const answer = await lab.fetch('/v1/events', {
      method: 'POST',
      headers: { ...withKey(key), 'content-type': BATCH },
      body: JSON.stringify([event()]),
    });
    const problem = (await answer.json()) as { resetAt: string; retryAfterSeconds: number };
    expect(answer.status).toBe(429);
    expect(problem.resetAt).toMatch(/T00:00:00\.000Z$/);
    expect(answer.headers.get('retry-after')).toBe(String(problem.retryAfterSeconds));
    expect(Date.parse(problem.resetAt) - lab.clock).toBeLessThanOrEqual(24 * 3_600_000);
  });
});

describe('other processes', () => {
  it('hear of a revocation, and where keys are required nothing is taken without one', async () => {
    const other = await lab.startReplica('strict', { INGESTION_WRITE_KEYS: 'required' });
    const ask = (headers: Record<string, string> = {}): Promise<Response> =>
      fetch(`${other.urls['ingestion'] ?? ''}/v1/events`, {
        method: 'POST',
        headers: { 'content-type': BATCH, ...headers },
        body: JSON.stringify([event()]),
      });
    try {
      const { id, key } = await newKey();
      await eventually(async () => expect((await ask(withKey(key))).status).toBe(202));
      const without = await ask();
      expect([without.status, ((await without.json()) as { detail: string }).detail]).toEqual([401, expect.stringContaining('has none')]);
      await revoke(id);
      await eventually(async () => expect((await ask(withKey(key))).status).toBe(401));
    } finally {
      await other.stop();
    }
  });
});
