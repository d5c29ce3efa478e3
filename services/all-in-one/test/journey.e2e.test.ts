/** One event followed to one decision; then the same with the platform killed again and again. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEventBus } from '@roofshot/messaging/open-event-bus';
import { readEmbeddedUrl } from '@roofshot/storage/embedded-postgres';
import { openSql } from '@roofshot/storage/open-sql';
import { log } from '@roofshot/telemetry/logger';
import { Client } from './journey/client.ts';
import { awaitAlias, decided, declare, EXPERIMENT_FROM, EXPERIMENT_TO, experiment, SETTLED_AFTER, iso, learn } from './journey/journey.ts';
import { TestPlatform } from './journey/platform.ts';
import { shopEvents, type ShopEvent } from './journey/shop.ts';

const EVENTS = shopEvents(3.4);
const ORDERS = EVENTS.filter(({ type, time }) => type === 'order.placed' && time >= iso(EXPERIMENT_FROM) && time < iso(EXPERIMENT_TO));
const END = iso(EXPERIMENT_TO + SETTLED_AFTER);
const SENT = EVENTS.filter(({ time }) => time < END);

let folder: string;
let platform: TestPlatform;
let client: Client;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'journey with space '));
  platform = new TestPlatform(folder);
  client = new Client(() => platform.url);
  await platform.start();
  await declare(platform.url);
}, 120_000);

afterEach(async () => {
  await platform.stop();
  await rm(folder, { recursive: true, force: true });
});

interface OnLog {
  readonly type: string;
  readonly id: string;
  readonly correlation: string | undefined;
  readonly data: Record<string, unknown>;
}

async function onLog(topics: readonly string[]): Promise<OnLog[]> {
  const url = await readEmbeddedUrl(join(folder, 'postgres'));
  const sql = await openSql(url, { poolSize: 1, applicationName: 'journey test' });
  const bus = await openEventBus(url, { sql, sqlUrl: url, log });
  try {
    const parts = (await Promise.all(topics.map((topic) => bus.bounds(topic)))).flat();
    const records = await Promise.all(parts.map((part) => bus.readFrom(part, part.start, 1_000_000)));
    return records.flat().map(({ headers, value }) => ({
      type: headers['ce_type'] ?? '',
      id: headers['ce_id'] ?? '',
      correlation: headers['ce_correlationid'],
      data: JSON.parse(value) as OnLog['data'],
    }));
  } finally {
    await bus.close();
    await sql.close();
  }
}

const byType = (records: readonly OnLog[], type: string): OnLog[] => records.filter((record) => record.type === type);

/** What must hold whatever happened on the way. */
async function expectNothingLostOrDoubled(): Promise<void> {
  const streams = (await onLog(['events.order.placed', 'events.order.settled'])).filter(({ type }) => type !== 'source.progressed');
  expect(streams.map(({ id }) => id).sort()).toEqual(SENT.map(({ id }) => id).sort());
  const said = await onLog(['predictions.v1', 'exposures.v1']);
  const units = ORDERS.map(({ subject }) => subject).sort();
  const predicted = byType(said, 'prediction.served').map(({ data }) => String(data['unit']));
  const exposed = byType(said, 'exposure.recorded').map(({ data }) => String(data['unit']));
  expect([...new Set(predicted)].sort()).toEqual(units);
  expect([...new Set(exposed)].sort()).toEqual(units);
  await expectCountsOfTheShop();
}

/** The features of every customer at the end, against a recount of the events in three lines. */
async function expectCountsOfTheShop(): Promise<void> {
  const customers = [...new Set(SENT.map(({ data }) => String(data['customer'])))];
  const from = iso(Date.parse(END) - 24 * 3_600_000);
  const settled = SENT.filter(({ type, time }) => type === 'order.settled' && time >= from);
  const requests = customers.map((customer) => ({ entities: { customer }, context: { amount: 1 }, asOf: END }));
  const { vectors } = await client.ask<{ vectors: { values: Record<string, number | null> }[] }>('/v1/features/read', 'POST', {
    featureService: 'return-risk',
    requests,
  });
  const counted = customers.map((customer) => settled.filter(({ data }) => data['customer'] === customer).length);
  expect(vectors.map(({ values }) => values['customer__count_24h'])).toEqual(counted);
}

function recountCosts(said: readonly OnLog[]): Record<string, { n: number; mean: number }> {
  const outcomes = new Map(
    SENT.filter(({ type }) => type === 'order.settled').map(({ subject, data }: ShopEvent) => [subject, data['returned'] === true]),
  );
  const decisions = new Map(byType(said, 'prediction.served').map(({ data }) => [String(data['unit']), data['decision'] === 'check']));
  const arms: Record<string, { n: number; sum: number }> = {};
  for (const { data } of byType(said, 'exposure.recorded')) {
    const [returned, checked] = [outcomes.get(String(data['unit'])), decisions.get(String(data['unit']))];
    const arm = (arms[String(data['variant'])] ??= { n: 0, sum: 0 });
    arm.n += 1;
    arm.sum += returned === true ? (checked === true ? 0 : 3) : checked === true ? 1 : 0;
  }
  return Object.fromEntries(Object.entries(arms).map(([name, { n, sum }]) => [name, { n, mean: sum / n }]));
}

describe('the journey', () => {
  it('leads from the first event to one decision, and serving follows it', async () => {
    await learn(client, EVENTS);
    await experiment(client, EVENTS);
    const { decision, analysis } = await decided(client);
    expect(decision).toMatchObject({ decision: 'promote' });
    await awaitAlias(client, 'champion', 2);
    await expectNothingLostOrDoubled();

    const costs = recountCosts(await onLog(['predictions.v1', 'exposures.v1']));
    const { means = {}, units = {}, effect = 0 } = decision?.analysis ?? analysis ?? {};
    expect(units).toEqual({ control: costs['control']?.n, treatment: costs['treatment']?.n });
    expect(means['control']).toBeCloseTo(costs['control']?.mean ?? Number.NaN, 9);
    expect(effect).toBeCloseTo((costs['treatment']?.mean ?? Number.NaN) - (costs['control']?.mean ?? Number.NaN), 9);
    const said = await onLog(['experiments.v1', 'model-versions.v1']);
    expect(byType(said, 'experiment.decided')).toHaveLength(1);
    expect(byType(said, 'model-version.promoted').map(({ data }) => [data['alias'], data['version']])).toEqual(
      expect.arrayContaining([
        ['champion', 1],
        ['challenger', 2],
        ['champion', 2],
      ]),
    );
  }, 240_000);

  it('ends the same when the platform is killed again and again', async () => {
    await learn(client, EVENTS);
    const kills = new Set([3, 4, 20, 37, 60, 61, 90, 120]);
    await experiment(client, EVENTS, async (step, work) => {
      if (kills.has(step)) {
        // At another moment of the step each time: while it sends, folds, predicts or answers.
        const delay = new Promise<void>((resolve) => setImmediate(resolve));
        await (step % 2 === 0 ? delay : Promise.race([work, new Promise<void>((resolve) => setTimeout(() => resolve(), step))]));
        await platform.kill();
        await platform.start();
      }
      await work;
    });
    const { decision } = await decided(client);
    expect(decision).toMatchObject({ decision: 'promote' });
    expect(client.repeats).toBeGreaterThan(0);
    await expectNothingLostOrDoubled();
    const costs = recountCosts(await onLog(['predictions.v1', 'exposures.v1']));
    expect(decision?.analysis.units).toEqual({ control: costs['control']?.n, treatment: costs['treatment']?.n });
    expect(byType(await onLog(['experiments.v1']), 'experiment.decided')).toHaveLength(1);
  }, 300_000);
});
