/** The shop's way from the first event to the decision, as a user goes it: HTTP only. */
import { fileURLToPath } from 'node:url';
import type { ExperimentResults } from '@roofshot/contracts/http/experiments';
import type { VersionAnswer } from '@roofshot/contracts/http/registry';
import type { DeploymentState, PredictRequest } from '@roofshot/contracts/http/serving';
import type { RunAnswer } from '@roofshot/contracts/http/training';
import { applySet } from '@roofshot/cli/apply-set';
import { loadResources } from '@roofshot/cli/load-resources';
import type { Client } from './client.ts';
import { DAY, HOUR, START, type ShopEvent } from './shop.ts';

const STEP = 10 * 60_000;
export const iso = (time: number): string => new Date(time).toISOString();
export const EXPERIMENT_FROM = START + 2 * DAY;
export const EXPERIMENT_TO = START + 3 * DAY;
/** Nobody asks after the end: the decision then waits twice the maturity of three hours. */
export const SETTLED_AFTER = 7 * HOUR;

/** Runs each step of the experiment; who disturbs it ends parts of the platform meanwhile. */
export type Disturb = (step: number, work: () => Promise<void>) => Promise<void>;
const leaveInPeace: Disturb = (_step, work) => work();

export async function declare(url: string): Promise<void> {
  const { resources, faults } = loadResources([fileURLToPath(new URL('./resources.yaml', import.meta.url))]);
  const result = faults.length > 0 ? { faults } : await applySet(url, resources);
  if (result.faults.length > 0) throw new Error(JSON.stringify(result.faults));
}

/** Two days of events, one version of each job; the first becomes champion, the second challenger. */
export async function learn(client: Client, events: readonly ShopEvent[]): Promise<void> {
  const past = events.filter(({ time }) => time < iso(EXPERIMENT_FROM));
  for (let at = 0; at < past.length; at += 500) {
    const batch = past.slice(at, at + 500);
    await client.send(batch, at + 500 >= past.length ? iso(EXPERIMENT_FROM) : (batch.at(-1)?.time ?? ''));
  }
  await client.awaitFeatures(iso(EXPERIMENT_FROM));
  await train(client, 'by-amount', 1);
  await train(client, 'by-history', 2);
  await client.ask('/v1/models/return-risk/aliases/challenger', 'PUT', { version: 2, reason: 'to be tried' });
  await awaitAlias(client, 'champion', 1);
  await awaitAlias(client, 'challenger', 2);
}

async function train(client: Client, job: string, version: number): Promise<void> {
  const range = { from: iso(START + 6 * HOUR), to: iso(EXPERIMENT_FROM), asOf: iso(EXPERIMENT_FROM) };
  await client.ask('/v1/training-runs', 'POST', { runId: `${job}-1`, job, ...range });
  const run = await client.until<RunAnswer>(`/v1/training-runs/${job}-1?wait=20s&until=ended`, ({ state }) =>
    ['finished', 'failed'].includes(state),
  );
  if (run.state === 'failed') throw new Error(run.because);
  await client.until<VersionAnswer>(
    `/v1/models/return-risk/versions/${version}?wait=20s&until=approved`,
    ({ state }) => state === 'approved',
  );
}

export async function awaitAlias(client: Client, alias: string, version: number): Promise<void> {
  const path = `/v1/deployments/return-risk/state?alias=${alias}&version=${version}&wait=5s`;
  await client.until<DeploymentState>(path, ({ variants }) => variants.some((one) => one.alias === alias && one.version === version));
}

/** One day of orders, each asked for as of its own time; then the outcomes until all have matured. */
export async function experiment(client: Client, events: readonly ShopEvent[], disturb: Disturb = leaveInPeace): Promise<void> {
  await client.ask('/v1/experiments/history/start', 'POST', { at: iso(EXPERIMENT_FROM) });
  await client.until<DeploymentState>(
    '/v1/deployments/return-risk/state?experiment=history&state=running&wait=5s',
    ({ allocation }) => allocation?.state === 'running',
  );
  let sent = EXPERIMENT_FROM;
  for (let start = EXPERIMENT_FROM, step = 0; start < EXPERIMENT_TO; start += STEP, step += 1) {
    const from = sent;
    await disturb(step, () => runStep(client, events, { sent: from, start }));
    sent = start;
  }
  const end = EXPERIMENT_TO + SETTLED_AFTER;
  await client.send(
    events.filter(({ time }) => time >= iso(sent) && time < iso(end)),
    iso(end),
  );
  await client.awaitFeatures(iso(end));
}

async function runStep(client: Client, events: readonly ShopEvent[], { sent, start }: { sent: number; start: number }): Promise<void> {
  await client.send(
    events.filter(({ time }) => time >= iso(sent) && time < iso(start)),
    iso(start),
  );
  await client.awaitFeatures(iso(start));
  const orders = events.filter(({ type, time }) => type === 'order.placed' && time >= iso(start) && time < iso(start + STEP));
  if (orders.length > 0) await client.predict(orders.map(questionOf));
}

function questionOf({ subject, time, data }: ShopEvent): PredictRequest {
  return {
    predictionId: `${subject}#risk`,
    unit: subject,
    entities: { customer: String(data['customer']) },
    context: { amount: Number(data['amount']) },
    asOf: time,
  };
}

export async function decided(client: Client): Promise<ExperimentResults> {
  for (const what of ['predictions', 'experiments'])
    await client.until<{ reached: boolean }>(`/v1/${what}/progress?wait=5s`, ({ reached }) => reached);
  return client.until<ExperimentResults>('/v1/experiments/history/results', ({ state }) => state === 'decided');
}
