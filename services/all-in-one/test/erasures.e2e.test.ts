/** A subject that every service knows is erased, and is nowhere in the database afterwards. */
import type { ErasureAnswer } from '@roofshot/contracts/http/erasures';
import { exposures, predictions } from '@roofshot/contracts/predictions';
import { encodeEvent } from '@roofshot/messaging/cloud-event-codec';
import { openEventBus } from '@roofshot/messaging/open-event-bus';
import { log } from '@roofshot/telemetry/logger';
import { eventually } from '@roofshot/testing/eventually';
import { WholePlatform } from './whole-platform.ts';

const SUBJECT = 'customer-zq7-secret';
const OTHER = 'customer-other';
const SERVICES = ['experiments', 'features', 'ingestion', 'serving'];
const PATIENCE = { deadlineMs: 30_000 };

let platform: WholePlatform;
beforeAll(async () => {
  platform = await WholePlatform.start();
  await platform.declareShop();
}, 120_000);
afterAll(() => platform.stop(), 60_000);

const settled = (subject: string, order: string): object => ({
  specversion: '1.0',
  id: `settled-${order}`,
  source: '/shop',
  type: 'order.settled',
  subject,
  time: '2026-01-15T12:00:00Z',
  knowntime: '2026-01-15T12:00:00Z',
  data: { order, customer: subject, returned: true },
});

async function send(events: readonly object[]): Promise<void> {
  const answer = await fetch(`${platform.urlOf('gateway')}/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/cloudevents-batch+json' },
    body: JSON.stringify(events),
  });
  if (answer.status !== 202) throw new Error(await answer.text());
}

/** Tables with the text in some row. */
async function tablesWith(text: string): Promise<string[]> {
  const { sql } = platform.database;
  const tables = await sql.query<{ name: string }>(
    `SELECT schemaname || '.' || quote_ident(tablename) AS name FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const rows = await sql.query(`SELECT FROM ${name} AS r WHERE position($1 IN r::text) > 0 LIMIT 1`, [text]);
    if (rows.length > 0) found.push(name);
  }
  return found;
}

/** As serving says it: one answer and one exposure of the unit. */
async function serve(unit: string, n: number): Promise<void> {
  const { database } = platform;
  const bus = await openEventBus(database.url, { sql: database.sql, sqlUrl: database.url, log });
  const time = '2026-01-15T11:00:00.000Z';
  const common = { specversion: '1.0', source: '/roofshot/serving', subject: unit, time, knowntime: time } as const;
  const shared = { predictionId: `p-${n}`, deployment: 'return-risk', unit };
  const exposure = { ...shared, experiment: 'history', phase: 1, configVersion: 1, variant: 'control', propensity: 0.5 };
  await bus.publish([
    encodeEvent({ topic: exposures.name, key: unit }, { ...common, id: `e-${n}`, type: 'exposure.recorded', data: exposure }),
    encodeEvent(
      { topic: predictions.name, key: unit },
      {
        ...common,
        id: `s-${n}`,
        type: 'shadow.scored',
        data: { ...shared, asOf: time, alias: 'shadow', model: 'return-risk', version: 1, score: 0.1, decision: 'none' },
      },
    ),
  ]);
  await bus.close();
}

test('every service erases its part, the account is true, and the subject is in no table', async () => {
  await send([settled(SUBJECT, '1'), settled(OTHER, '2'), { ...settled(SUBJECT, '3'), data: { order: 3 } }]);
  await serve(SUBJECT, 1);
  await serve(OTHER, 2);
  await eventually(
    async () => expect(await tablesWith(SUBJECT)).toEqual(expect.arrayContaining(['features.series', 'messaging.records', 'online.rows'])),
    PATIENCE,
  );

  const asked = await platform.ask('gateway', '/v1/erasures', 'POST', { subject: SUBJECT });
  expect(asked.status).toBe(202);
  const { id } = JSON.parse(asked.text) as ErasureAnswer;
  const find = async (): Promise<ErasureAnswer> => JSON.parse((await platform.ask('gateway', `/v1/erasures/${id}`)).text) as ErasureAnswer;
  await platform.pause(); // whatever was under way goes on with the next process
  await platform.resume();
  await eventually(async () => expect((await find()).state).toBe('finished'), PATIENCE);

  const { services, kept } = await find();
  expect(services.map(({ service }) => service)).toEqual(SERVICES);
  const erased = Object.fromEntries(services.map((part) => [part.service, part.erased]));
  expect(erased).toMatchObject({
    ingestion: { events: 2 },
    features: { series: 1, 'online rows': 1 },
    serving: { 'predictions and exposures': 2 },
  });
  expect(services.flatMap((part) => part.kept.map(({ store }) => store))).toEqual(['spools']);
  expect(kept.map(({ store }) => store)).toContain('models');
  await eventually(async () => expect(await tablesWith(SUBJECT)).toEqual([]));
  expect(await tablesWith(OTHER)).toContain('features.series');
}, 120_000);
