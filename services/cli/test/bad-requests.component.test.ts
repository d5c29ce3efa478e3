/** Wrong requests, and a database that is killed: a sentence each, and nothing is lost. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EventsAnswer } from '@roofshot/contracts/http/ingestion';
import type { Problem } from '@roofshot/contracts/http/common';
import { eventually } from '@roofshot/testing/eventually';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import { order, postJson, startPlatform, type Platform } from './cli-lab.ts';

let folder: TempDir;
let platform: Platform;

beforeAll(async () => {
  folder = await tempDir('cli requests');
  platform = await startPlatform(join(folder.path, 'data'));
  await platform.run('apply', '-f', 'shop');
}, 60_000);
afterAll(async () => {
  await platform.stop();
  await folder.remove();
}, 60_000);

const problemOf = async (path: string, body: unknown): Promise<Problem> => (await postJson<Problem>(platform.url, path, body)).body;

describe('an event', () => {
  test('of an unknown type is kept, and its sender told the nearest names', async () => {
    const { status, body } = await postJson<EventsAnswer>(platform.url, '/v1/events', [order(1, { type: 'order.place' })]);
    expect(status).toBe(202);
    expect(body.results[0]).toMatchObject({
      verdict: 'quarantined',
      reason: 'unknown-type',
      path: '/type',
      detail: 'No EventType order.place is declared. Did you mean order.placed? Declare it (roofshot apply) and send the event again.',
    });
  });

  test('that is invalid is kept with the place of its fault', async () => {
    const { body } = await postJson<EventsAnswer>(platform.url, '/v1/events', [order(2, { data: { amonut: 3, amount: 1 } }), order(3)]);
    expect(body).toMatchObject({ accepted: 1, quarantined: 1 });
    expect(body.results[0]).toMatchObject({ verdict: 'quarantined', reason: 'schema', detail: expect.stringContaining('amonut') });
    const { out } = await platform.run('trace', 'order-2');
    expect(out).toContain('event.quarantined');
  });
});

describe('a question', () => {
  test('to an unknown deployment is answered with the nearest names', async () => {
    expect(await problemOf('/v1/predict/order-rsk', {})).toMatchObject({
      status: 404,
      detail: 'There is no Deployment order-rsk; nearest: order-risk. Apply it first, or correct the name.',
    });
  });

  test('with wrong names is answered with all of them', async () => {
    const asked = { unit: 'u', entities: { custmer: 'c' }, context: { amont: 1 } };
    const problem = await eventually(async () => {
      const answer = await problemOf('/v1/predict/order-risk', asked);
      return answer.status === 400 && answer; // until serving has heard of the feature service
    });
    expect(problem.faults).toEqual([
      { path: '/entities/customer', message: 'it is missing: FeatureService "order-risk" needs it' },
      { path: '/entities/custmer', message: 'FeatureService "order-risk" does not know it; nearest: customer' },
      { path: '/context/amount', message: 'it is missing: FeatureService "order-risk" needs it; give null where it is not known' },
      { path: '/context/amont', message: 'FeatureService "order-risk" does not know it; nearest: amount' },
    ]);
  });

  test('without entities and context is answered with what the feature service asks for', async () => {
    const { faults = [] } = await problemOf('/v1/predict/order-risk', { unit: 'u' });
    expect(faults.map(({ path, message }) => `${path} ${message}`)).toEqual([
      '/entities/customer it is missing: FeatureService "order-risk" needs it',
      '/context/amount it is missing: FeatureService "order-risk" needs it; give null where it is not known',
    ]);
  });

  test('at a door that is not there is told which doors there are', async () => {
    expect(await problemOf('/v1/featurs', {})).toMatchObject({
      status: 404,
      detail: expect.stringContaining('No service answers /v1/featurs.'),
    });
    expect(await problemOf('/v1/features/none/here', {})).toMatchObject({
      status: 404,
      detail: 'There is no POST /v1/features/none/here here. /docs lists the routes of this service.',
    });
  });
});

test('a run of an unknown job is refused with the nearest names', async () => {
  const range = { from: '2026-01-01T00:00:00Z', to: '2026-02-01T00:00:00Z', asOf: '2026-02-01T00:00:00Z' };
  expect(await problemOf('/v1/training-runs', { runId: 'r1', job: 'order-trees', ...range })).toMatchObject({
    status: 404,
    detail: expect.stringContaining('There is no TrainingJob named order-trees.'),
  });
});

const EVENTS = 300;
const KILL_AT = [60, 180];

test('a killed PostgreSQL: every event is taken or refused with 503 and Retry-After, and when it is back nothing is lost or doubled', async () => {
  const before = await acceptedOrders();
  const refused: Problem[] = [];
  for (let number = 1000; number < 1000 + EVENTS; number += 1) {
    if (KILL_AT.includes(number - 1000)) process.kill(await postmasterPid(), 'SIGKILL');
    await eventually(async () => (await sendOnce(number, refused)) === 202, {
      deadlineMs: 30_000,
      describe: `order ${number} to be taken`,
    });
  }
  expect(refused.length).toBeGreaterThan(0);
  for (const problem of refused)
    expect(problem).toMatchObject({
      status: 503,
      code: 'unavailable',
      // The second where the kill fell into a commit: an event has an id of its own and may be repeated.
      detail: expect.stringMatching(/try again|look before you repeat what has no id of its own/),
    });
  expect((await acceptedOrders()) - before).toBe(EVENTS);
  await eventually(async () => expect((await platform.run('status')).code).toBe(0), { deadlineMs: 30_000 });
}, 120_000);

/** The same id again is a duplicate where the first answer was lost on its way. */
async function sendOnce(number: number, refused: Problem[]): Promise<number> {
  const { status, headers, body } = await postJson<EventsAnswer | Problem>(platform.url, '/v1/events', [order(number)]);
  if (status === 202) return status;
  refused.push(body as Problem);
  expect(headers.get('retry-after')).toBe('1');
  return status;
}

async function acceptedOrders(): Promise<number> {
  const answer = await eventually(async () => {
    const response = await fetch(`${platform.url}/v1/events/ledger`);
    return response.ok && ((await response.json()) as { types: Record<string, { accepted: number }> });
  });
  return answer.types['order.placed']?.accepted ?? 0;
}

async function postmasterPid(): Promise<number> {
  return eventually(async () =>
    Number((await readFile(join(folder.path, 'data', 'postgres', 'pgdata', 'postmaster.pid'), 'utf8')).split('\n')[0]),
  );
}
