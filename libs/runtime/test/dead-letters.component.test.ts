/** What delivery has put aside, at the door of its service and at the gateway for all: listed, handled again, thrown away. */
import type { DeadLetter, LettersAnswer, LettersChanged, ParkedKeysAnswer } from '@roofshot/contracts/http/dead-letters';
import { eventually } from '@roofshot/testing/eventually';
import { testDatabase, type TestDatabase } from '@roofshot/testing/postgres';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import { startGateway, type Gateway } from '../src/gateway.ts';
import { run, type Running } from '../src/run.ts';
import { greeter } from './greeter.ts';
import { tally } from './tally.ts';

let database: TestDatabase;
let folder: TempDir;
let running: Running;
let gateway: Gateway;
const PATH = '/v1/dead-letters';

beforeAll(async () => {
  [database, folder] = await Promise.all([testDatabase(), tempDir('dead-letters')]);
  const env = { SQL_URL: database.url, DATA_DIR: folder.path, TALLY_PORT: '0', GREETER_PORT: '0', LOG_LEVEL: 'silent' };
  running = await run([tally, greeter], { env, whole: true });
  gateway = await startGateway({
    host: '127.0.0.1',
    port: 0,
    portKey: 'GATEWAY_PORT',
    services: [
      { name: 'tally', url: running.urls['tally'] ?? '', prefixes: ['/v1/tallies', '/v1/counters'] },
      { name: 'greeter', url: running.urls['greeter'] ?? '', prefixes: ['/v1/greetings'] },
      { name: 'lost', url: 'http://127.0.0.1:9', prefixes: ['/v1/lost'] },
    ],
  });
});
afterAll(async () => {
  await gateway.stop();
  await running.stop();
  await database.drop();
  await folder.remove();
});

interface Answer<T> {
  readonly status: number;
  readonly body: T;
}

async function ask<T>(path: string, body?: unknown, { url = gateway.url, method = 'POST' } = {}): Promise<Answer<T>> {
  const headers = { 'content-type': 'application/json', 'x-actor': 'ada', 'x-correlation-id': 'c-7' };
  const response = await fetch(url + path, body === undefined ? {} : { method, headers, body: JSON.stringify(body) });
  return { status: response.status, body: (await response.json()) as T };
}

const letters = async (query = ''): Promise<LettersAnswer> => (await ask<LettersAnswer>(`${PATH}?${query}`)).body;
const declare = (name: string, step: number): Promise<unknown> =>
  ask(`/v1/counters/${name}`, { apiVersion: 'roofshot/v1', kind: 'Counter', metadata: { name }, spec: { step } }, { method: 'PUT' });
const count = (name: string, id: string): Promise<unknown> => ask(`/v1/tallies/${name}`, { id });

/** Counts what nobody has declared: the command is refused. */
async function refused(name: string, ...ids: readonly string[]): Promise<DeadLetter[]> {
  const before = (await letters()).items.length;
  for (const id of ids) await count(name, id);
  await eventually(async () => expect((await letters()).items).toHaveLength(before + ids.length));
  return (await letters()).items.slice(before);
}

test('a refused command is listed at its service and at the gateway, which tells that another service is away', async () => {
  const [letter] = await refused('nobodys', 'n-1');
  expect(letter).toMatchObject({
    id: expect.stringMatching(/^tally:\d+$/),
    service: 'tally',
    kind: 'command',
    state: 'dead',
    origin: { queue: 'tally.add.v1' },
    messageId: 'n-1',
    type: 'tally.add',
    error: { code: 'rejected', message: 'there is no Counter nobodys' },
    attempts: 1,
    correlationId: 'c-7',
    payload: { id: 'n-1', name: 'nobodys' },
  });
  const all = await letters();
  expect(all).toMatchObject({ complete: false, next: expect.any(String), parkedKeys: 0 });
  expect(all.counts).toEqual([{ service: 'tally', kind: 'command', type: 'tally.add', error: 'rejected', letters: 1 }]);
  expect(all.notices).toEqual([{ service: 'lost', detail: expect.stringContaining('lost does not answer at http://127.0.0.1:9') }]);
  const own = await ask<LettersAnswer>(PATH, undefined, { url: running.urls['tally'] ?? '' });
  expect(own.body).toMatchObject({ items: [{ id: letter?.id }], complete: true, notices: [], next: null });
  expect(await letters('service=greeter')).toMatchObject({ items: [], counts: [], complete: true });
  expect(await letters('type=tally.remove')).toMatchObject({ items: [], counts: [] });
});

test('pages go on where they ended, and what is faulty in the question is told with its place', async () => {
  await refused('nobodys', 'p-1', 'p-2', 'p-3');
  const everything = (await letters('service=tally')).items.map(({ id }) => id);
  const paged: string[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: LettersAnswer = await letters(`service=tally&limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
    paged.push(...page.items.map(({ id }) => id));
    cursor = page.next;
  }
  expect(paged).toEqual(everything);
  const faulty = await ask<{ faults: { path: string }[] }>(`${PATH}?limit=0&knd=event`);
  expect([faulty.status, faulty.body.faults.map(({ path }) => path).sort()]).toEqual([400, ['/query/knd', '/query/limit']]);
  expect((await ask(`${PATH}?service=nobody`)).status).toBe(400);
  expect((await ask(`${PATH}?cursor=bm9uc2Vuc2U`)).status).toBe(400);
  expect((await ask(`${PATH}/redrives`, {})).status).toBe(400);
  expect((await ask(`${PATH}/redrives`)).status).toBe(405);
  expect((await ask(`${PATH}/purges`, { ids: ['tally:1'] })).status).toBe(400); // without a reason
});

test('what is mended is handled when it is sent again, what is not stays with its failure, and a dry run changes nothing', async () => {
  const [mended, unmended] = [...(await refused('mended', 'm-1')), ...(await refused('unmended', 'u-1'))].map(({ id }) => id);
  await declare('mended', 2);
  const ids = [unmended ?? '', 'lost:1', mended ?? '', 'nobody:1', 'tally:999999'];
  const before = await letters();
  const dry = await ask<LettersChanged>(`${PATH}/redrives`, { ids, dryRun: true });
  expect(dry.body.results.map(({ outcome }) => outcome)).toEqual(['would-redrive', 'unavailable', 'would-redrive', 'gone', 'gone']);
  expect(await letters()).toEqual(before);
  const { body } = await ask<LettersChanged>(`${PATH}/redrives`, { ids, waitMs: 20_000 });
  expect(body).toMatchObject({
    complete: false,
    results: [
      { id: unmended, outcome: 'refused', error: { code: 'rejected', message: 'there is no Counter unmended' } },
      { id: 'lost:1', outcome: 'unavailable' },
      { id: mended, outcome: 'handled' },
      { id: 'nobody:1', outcome: 'gone', error: { code: 'unknown-service' } },
      { id: 'tally:999999', outcome: 'gone' },
    ],
  });
  expect((await ask(`/v1/tallies/mended?additions=1&wait=20s`)).body).toEqual({ total: 2, additions: 1 });
  expect((await letters()).items.map(({ id }) => id)).toContain(unmended);
  expect((await letters()).items.map(({ id }) => id)).not.toContain(mended);
});

test('letters that a filter means are thrown away with who and why in the audit', async () => {
  await refused('unwanted', 'x-1', 'x-2');
  const order = { filter: { service: 'tally', type: 'tally.add' }, reason: 'a test is over' };
  const dry = await ask<LettersChanged>(`${PATH}/purges`, { ...order, dryRun: true });
  expect(new Set(dry.body.results.map(({ outcome }) => outcome))).toEqual(new Set(['would-purge']));
  const ids = (await letters('service=tally')).items.map(({ id }) => id);
  const purged = await ask<LettersChanged>(`${PATH}/purges`, order);
  expect(purged.body.results).toEqual(ids.map((id) => ({ id, outcome: 'purged' })));
  expect((await letters('service=tally')).items).toEqual([]);
  const audits = await database.sql.query<{ value: string }>(
    `SELECT value FROM messaging.records JOIN messaging.topics USING (topic_id) WHERE name = 'audit.v1' AND value LIKE '%a test is over%'`,
  );
  expect(audits.map(({ value }) => JSON.parse(value) as unknown)).toMatchObject(
    ids.map((id) => ({
      actor: 'ada',
      action: 'purge',
      target: `DeadLetter/${id}`,
      reason: 'a test is over',
      detail: { type: 'tally.add' },
    })),
  );
  expect(JSON.stringify(audits)).not.toContain('unwanted'); // what a message held stays out of the audit
});

test('a parked key shows what it waits behind, and flows again when that is skipped', async () => {
  await declare('huge', 1e300);
  await count('huge', 'h-1');
  const parked = async (): Promise<ParkedKeysAnswer['items']> => (await ask<ParkedKeysAnswer>(`${PATH}/parked-keys`)).body.items;
  await eventually(async () => expect(await parked()).toMatchObject([{ service: 'tally', topic: 'tallies.v1', key: 'huge', waiting: 1 }]));
  await declare('huge', 3);
  await count('huge', 'h-2');
  await eventually(async () => expect(await parked()).toMatchObject([{ waiting: 3 }])); // the change of the counter and the addition
  const [item] = await parked();
  expect(item).toMatchObject({ head: { type: 'tally.added', correlationId: 'c-7', payload: expect.stringContaining('hidden') } }); // the topic is none of the platform's
  expect(item?.stack).toContain('Error');
  expect((await letters()).parkedKeys).toBe(1);
  const key = { service: 'tally', topic: 'tallies.v1', key: 'huge' };
  const redriven = await ask<LettersChanged>(`${PATH}/redrives`, { keys: [key] });
  expect(redriven.body.keys).toMatchObject([
    { ...key, outcome: 'refused', handled: 0, error: { message: expect.stringContaining('1e+300') } },
  ]);
  const head = { partition: item?.head?.partition, offset: item?.head?.offset };
  const skipped = await ask<LettersChanged>(`${PATH}/purges`, { keys: [{ ...key, ...head }], reason: 'too large' });
  expect(skipped.body.keys).toEqual([{ ...key, outcome: 'flows', handled: 2 }]);
  expect(await parked()).toEqual([]);
  expect((await ask(`/v1/tallies/huge?additions=1&wait=20s`)).body).toEqual({ total: 3, additions: 1 });
});
