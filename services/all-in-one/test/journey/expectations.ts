/** What must hold at the journey's end, whatever happened on the way and wherever the services ran. */
import type { Analysis } from '@roofshot/contracts/experiments';
import type { Client } from './client.ts';
import { byType, onLog, type OnLog } from './event-log.ts';
import { awaitAlias, decided, EXPERIMENT_FROM, EXPERIMENT_TO, iso, SETTLED_AFTER } from './journey.ts';
import type { Platform } from './platform.ts';
import { shopEvents, type ShopEvent } from './shop.ts';

export const EVENTS = shopEvents(3.4);
const ORDERS = EVENTS.filter(({ type, time }) => type === 'order.placed' && time >= iso(EXPERIMENT_FROM) && time < iso(EXPERIMENT_TO));
const END = iso(EXPERIMENT_TO + SETTLED_AFTER);
const SENT = EVENTS.filter(({ time }) => time < END);

/** Lost 0, doubled 0: of the events, of the answers to them, and of what was counted. */
export async function expectNothingLostOrDoubled(platform: Platform, client: Client): Promise<void> {
  const streams = await onLog(platform, ['events.order.placed', 'events.order.settled']);
  const accepted = streams.filter(({ type }) => type !== 'source.progressed');
  expect(accepted.map(({ id }) => id).sort()).toEqual(SENT.map(({ id }) => id).sort());
  const said = await onLog(platform, ['predictions.v1', 'exposures.v1']);
  expect(new Set(said.map(({ id }) => id)).size).toBe(said.length);
  const units = ORDERS.map(({ subject }) => subject).sort();
  const predicted = byType(said, 'prediction.served').map(({ data }) => String(data['unit']));
  const exposed = byType(said, 'exposure.recorded').map(({ data }) => String(data['unit']));
  expect([...new Set(predicted)].sort()).toEqual(units);
  expect([...new Set(exposed)].sort()).toEqual(units);
  await expectCountsOfTheShop(client);
}

/** The features of every customer at the end, against a recount of the events in three lines. */
async function expectCountsOfTheShop(client: Client): Promise<void> {
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

/** One decision, with the figures of a recount from the log, and serving follows it. Answers those figures. */
export async function expectOneDecision(platform: Platform, client: Client): Promise<Analysis> {
  const { decision } = await decided(client);
  expect(decision).toMatchObject({ decision: 'promote' });
  await awaitAlias(client, 'champion', 2);
  const costs = recountCosts(await onLog(platform, ['predictions.v1', 'exposures.v1']));
  const { means = {}, units = {}, effect = 0 } = decision?.analysis ?? {};
  expect(units).toEqual({ control: costs['control']?.n, treatment: costs['treatment']?.n });
  expect(means['control']).toBeCloseTo(costs['control']?.mean ?? Number.NaN, 9);
  expect(effect).toBeCloseTo((costs['treatment']?.mean ?? Number.NaN) - (costs['control']?.mean ?? Number.NaN), 9);
  const said = await onLog(platform, ['experiments.v1', 'model-versions.v1']);
  expect(byType(said, 'experiment.decided')).toHaveLength(1);
  const moves = byType(said, 'model-version.promoted').map(({ data }) => `${String(data['alias'])} ${String(data['version'])}`);
  expect(moves.filter((move) => move !== 'shadow 1').sort()).toEqual(['challenger 2', 'champion 1', 'champion 2']);
  if (decision === null) throw new Error('There is no decision.');
  return decision.analysis;
}

function recountCosts(said: readonly OnLog[]): Record<string, { n: number; mean: number }> {
  const outcomes = new Map(
    SENT.filter(({ type }) => type === 'order.settled').map(({ subject, data }: ShopEvent) => [subject, data['returned'] === true]),
  );
  const decisions = new Map(byType(said, 'prediction.served').map(({ data }) => [String(data['unit']), data['decision'] === 'check']));
  const arms: Record<string, { n: number; sum: number }> = {};
  const exposures = new Map(byType(said, 'exposure.recorded').map(({ data }) => [String(data['unit']), String(data['variant'])]));
  for (const [unit, variant] of exposures) {
    const [returned, checked] = [outcomes.get(unit), decisions.get(unit)];
    const arm = (arms[variant] ??= { n: 0, sum: 0 });
    arm.n += 1;
    arm.sum += returned === true ? (checked === true ? 0 : 3) : checked === true ? 1 : 0;
  }
  return Object.fromEntries(Object.entries(arms).map(([name, { n, sum }]) => [name, { n, mean: sum / n }]));
}
