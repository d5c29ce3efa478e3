/** `POST /push` of Feast's feature server, as its documentation has it. */
import type { CreatedWriteKey } from '@roofshot/contracts/http/ingestion';
import { eventsOf, idsOf, IngestionLab, type Answer } from './ingestion-lab.ts';

const lab = new IngestionLab();
const SOURCE = 'driver.reported';
const STREAM = `events.${SOURCE}`;
const JSON_TYPE = { 'content-type': 'application/json' };

const schema = { type: 'object', required: ['driver_id'], properties: { driver_id: { type: 'integer' }, conv_rate: { type: 'number' } } };
beforeAll(async () => {
  await lab.open();
  await lab.declare(SOURCE, { schema });
}, 60_000);
afterAll(() => lab.close());

const push = (body: object, headers: Record<string, string> = JSON_TYPE): Promise<Answer> =>
  lab.send('/push', { method: 'POST', headers, body: JSON.stringify({ push_source_name: SOURCE, to: 'online', ...body }) });
const onStream = async (): Promise<Record<string, unknown>[]> =>
  eventsOf(await lab.onLog(STREAM)).map(({ value }) => JSON.parse(value) as Record<string, unknown>);

/** As in Feast's documentation, but for the date. */
const df = {
  driver_id: [1001, 1002],
  event_timestamp: ['2021-05-13 10:59:42', '2021-05-13 10:59:43'],
  created: ['2021-05-13 10:59:42', '2021-05-13 10:59:43'],
  conv_rate: [1.0, 0.5],
};

describe('rows that are pushed', () => {
  it('are events of the type that is named as their source', async () => {
    expect(await push({ df })).toMatchObject({ status: 200, body: { accepted: 2, quarantined: 0 } });
    const records = eventsOf(await lab.onLog(STREAM));
    expect((await onStream()).find(({ driver_id: driver }) => driver === 1002)).toEqual({
      driver_id: 1002,
      event_timestamp: '2021-05-13 10:59:43',
      created: '2021-05-13 10:59:43',
      conv_rate: 0.5,
    });
    expect(records.map(({ headers }) => headers['ce_time']).sort()).toEqual(['2021-05-13T10:59:42.000Z', '2021-05-13T10:59:43.000Z']);
    expect(records.map(({ headers }) => headers['ce_source'])).toEqual(['/feast/', '/feast/']);
  });

  it('count once, however often they are pushed', async () => {
    const before = await lab.onLog(STREAM);
    expect(await push({ df: { ...df, driver_id: [1001, 1003] } })).toMatchObject({ status: 200, body: { accepted: 1, duplicate: 1 } });
    expect(idsOf(eventsOf(await lab.onLog(STREAM)))).toHaveLength(eventsOf(before).length + 1);
  });

  it('are events of now where they do not say when they happened', async () => {
    for (let i = 0; i < 2; i += 1) expect(await push({ df: { driver_id: [7] } })).toMatchObject({ body: { accepted: 1 } });
    expect((await onStream()).filter(({ driver_id: driver }) => driver === 7)).toHaveLength(2);
  });

  it('may come without saying that they are JSON, as in the documentation', async () => {
    const answer = await lab.fetch('/push', {
      method: 'POST',
      body: new Blob([JSON.stringify({ push_source_name: SOURCE, df: { driver_id: [8] } })]),
    });
    expect([answer.status, await answer.json()]).toMatchObject([200, { accepted: 1 }]);
  });

  it('are online and offline alike, whatever is asked for', async () => {
    for (const to of ['online', 'offline', 'online_and_offline']) expect((await push({ to, df: { driver_id: [9] } })).status).toBe(200);
    expect((await push({ to: 'nowhere', df: { driver_id: [9] } })).status).toBe(400);
  });
});

describe('rows that do not fit', () => {
  it('are quarantined with their reasons, and the others are taken', async () => {
    const { status, body } = await push({ df: { driver_id: [10, 'ten'], event_timestamp: [null, null] } });
    expect([status, body['accepted'], body['quarantined']]).toEqual([200, 1, 1]);
    expect(body.results?.[1]).toMatchObject({ verdict: 'quarantined', reason: 'schema', path: '/data/driver_id' });
  });

  it('are an error where none of them fits', async () => {
    expect(await push({ df: { driver_id: ['ten'] } })).toMatchObject({
      status: 400,
      body: { quarantined: 1, detail: expect.stringContaining('All 1 rows are in the quarantine') as string },
    });
    expect(await push({ df: { driver_id: [11], event_timestamp: ['yesterday'] } })).toMatchObject({
      status: 400,
      body: { results: [{ reason: 'envelope', path: '/time' }] },
    });
  });

  it('are of no source where no such type is declared: the nearest are named', async () => {
    expect(await push({ push_source_name: 'driver.reportd', df: { driver_id: [1] } })).toMatchObject({
      status: 404,
      body: { detail: expect.stringContaining(SOURCE) as string },
    });
  });

  it('are none of them taken where the columns are uneven', async () => {
    const before = (await onStream()).length;
    expect(await push({ df: { driver_id: [12, 13], conv_rate: [1] } })).toMatchObject({
      status: 400,
      body: { faults: [{ path: '/df/conv_rate' }] },
    });
    expect(await onStream()).toHaveLength(before);
  });
});

it('a write key is asked for what it is asked for elsewhere', async () => {
  const made = await lab.send('/v1/write-keys', {
    method: 'POST',
    headers: JSON_TYPE,
    body: JSON.stringify({ name: 'feast', eventTypes: ['order.placed'] }),
  });
  const { key } = made.body as unknown as CreatedWriteKey;
  const { body } = await push({ df: { driver_id: [14] } }, { ...JSON_TYPE, authorization: `Bearer ${key}` });
  expect(body.results?.[0]).toMatchObject({ verdict: 'quarantined', reason: 'not-allowed' });
  expect((await push({ df: { driver_id: [14] } }, { ...JSON_TYPE, authorization: 'Bearer rsk_nobody' })).status).toBe(401);
});
