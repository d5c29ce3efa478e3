/** Each service by itself: it starts before what it needs, waits and says for what, works alone, and survives any other being away. */
import type { EventsAnswer } from '@roofshot/contracts/http/ingestion';
import type { DeploymentState, PredictRequest } from '@roofshot/contracts/http/serving';
import type { RunAnswer } from '@roofshot/contracts/http/training';
import { eventually } from '@roofshot/testing/eventually';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import { Client } from './journey/client.ts';
import { EVENTS } from './journey/expectations.ts';
import { declare, EXPERIMENT_FROM, iso, learn } from './journey/journey.ts';
import { postgresAndFolder } from './journey/servers.ts';
import { HOUR, START } from './journey/shop.ts';
import { GATEWAY, SixProcesses } from './journey/six-processes.ts';
import { awaitAnswer, readinessOf, servicesReadyBehind, waitsOf } from './journey/readiness.ts';

const SERVICES_LAST_FIRST = ['experiments', 'serving', 'registry', 'training', 'features', 'ingestion'];

let folder: TempDir;
let platform: SixProcesses;
let client: Client;

beforeEach(async () => {
  folder = await tempDir('independence');
  platform = await SixProcesses.open(folder.path, postgresAndFolder);
  client = new Client(() => platform.url);
}, 120_000);
afterEach(async () => {
  await platform.stop();
  await folder.remove();
}, 60_000);

describe('services that are started in the reverse order of what they need', () => {
  it('wait, say for what, become ready when it has come, and say so again when it goes', async () => {
    const { host } = new URL(platform.behind.urls.SQL_URL);
    const absence = new RegExp(`No PostgreSQL answers at ${host}/postgres: .*ECONNREFUSED`);
    await platform.behind.stop();
    platform.launch(GATEWAY);
    await awaitAnswer(platform, GATEWAY);
    expect(await servicesReadyBehind(platform)).toEqual([]);
    for (const [turn, service] of SERVICES_LAST_FIRST.entries()) {
      platform.launch(service);
      await awaitAnswer(platform, service);
      expect(await readinessOf(platform, service)).toEqual({ status: 503, waitsFor: [expect.stringMatching(absence)] });
      const waits = await waitsOf(platform);
      for (const started of SERVICES_LAST_FIRST.slice(0, turn + 1)) expect(waits[started]).toMatch(/^SQL_URL: /);
      for (const missing of SERVICES_LAST_FIRST.slice(turn + 1)) expect(waits[missing]).toMatch(/^an answer of http.*ECONNREFUSED/);
    }
    await platform.behind.start();
    for (const service of [...SERVICES_LAST_FIRST, GATEWAY]) await platform.awaitReady(service);

    await platform.behind.stop();
    await eventually(async () => {
      const waits = await waitsOf(platform);
      for (const service of SERVICES_LAST_FIRST) expect(waits[service]).toMatch(new RegExp(`the database: .*${host}`));
    });
    await platform.behind.start();
    for (const service of [...SERVICES_LAST_FIRST, GATEWAY]) await platform.awaitReady(service);
    expect(platform.parts.filter((part) => !platform.program(part).runs)).toEqual([]);
  }, 240_000);
});

describe('a service whose others are all away', () => {
  it('does its own work, and the others carry it on when they come', async () => {
    await platform.start();
    await declare(platform.url);
    await learn(client, EVENTS);
    await expectTheRestToStayWhileOneAfterTheOtherGoes();
    for (const [service, work] of Object.entries(ALONE)) {
      await platform.restart(service);
      expect(await servicesReadyBehind(platform)).toEqual([service]);
      await work();
      await platform.kill(service);
    }
    const services = platform.parts.filter((part) => part !== GATEWAY);
    for (const service of services) platform.launch(service);
    await platform.awaitReady(GATEWAY);
    await expectAllToBeCarriedOn();
  }, 400_000);
});

async function expectTheRestToStayWhileOneAfterTheOtherGoes(): Promise<void> {
  const rest = platform.parts.filter((part) => part !== GATEWAY);
  for (let gone = rest.shift(); gone !== undefined; gone = rest.shift()) {
    await platform.kill(gone);
    expect(await servicesReadyBehind(platform)).toEqual(rest);
    expect(await readinessOf(platform, GATEWAY)).toMatchObject({ status: 503 });
  }
}

const TILL = iso(EXPERIMENT_FROM + HOUR);
const NEXT_HOUR = EVENTS.filter(({ time }) => time >= iso(EXPERIMENT_FROM) && time < TILL);
/** Rows that no run has asked for yet: their snapshot has to be built by features. */
const NEW_ROWS = { from: iso(START + 7 * HOUR), to: iso(EXPERIMENT_FROM), asOf: iso(EXPERIMENT_FROM) };
const QUESTION: PredictRequest = {
  predictionId: 'alone',
  unit: 'an order',
  entities: { customer: 'c4' },
  context: { amount: 10 },
  asOf: iso(EXPERIMENT_FROM),
};

/** What each does while no other service runs. */
const ALONE: Readonly<Record<string, () => Promise<void>>> = {
  ingestion: async () => {
    const answer: EventsAnswer = await client.send(NEXT_HOUR, TILL);
    expect(new Set(answer.results.map(({ verdict }) => verdict))).toEqual(new Set(['accepted']));
  },
  features: async () => {
    await client.awaitFeatures(TILL); // folds what ingestion took alone
    const { vectors } = await client.ask<{ vectors: { values: Record<string, number | null> }[] }>('/v1/features/read', 'POST', {
      featureService: 'return-risk',
      requests: [{ entities: QUESTION.entities, context: QUESTION.context, asOf: QUESTION.asOf }],
    });
    expect(vectors[0]?.values['customer__count_24h']).toBeGreaterThan(0);
  },
  training: async () => {
    const run = await client.ask<RunAnswer>('/v1/training-runs', 'POST', { runId: 'alone', job: 'by-amount', ...NEW_ROWS });
    expect(run.state).toBe('waiting-for-snapshot');
  },
  registry: async () => {
    await client.ask('/v1/models/return-risk/aliases/shadow', 'PUT', { version: 1, reason: 'to be compared' });
  },
  serving: async () => {
    const [prediction] = await client.predict([QUESTION]);
    expect(prediction).toMatchObject({ version: 1, fallback: false, statuses: {}, degraded: false });
    // What the registry did alone is known without it.
    const { shadows } = await client.ask<DeploymentState>('/v1/deployments/return-risk/state');
    expect(shadows).toEqual([{ alias: 'shadow', version: 1 }]);
  },
  experiments: async () => {
    await client.ask('/v1/experiments/history/start', 'POST', { at: TILL });
  },
};

async function expectAllToBeCarriedOn(): Promise<void> {
  const run = await client.until<RunAnswer>('/v1/training-runs/alone?wait=20s&until=ended', ({ state }) =>
    ['finished', 'failed'].includes(state),
  );
  expect(run.state).toBe('finished');
  await client.until<{ state: string }>('/v1/models/return-risk/versions/3?wait=20s&until=approved', ({ state }) => state === 'approved');
  await client.until<DeploymentState>(
    '/v1/deployments/return-risk/state?experiment=history&state=running&wait=5s',
    ({ allocation }) => allocation?.state === 'running',
  );
  const [prediction] = await client.predict([{ ...QUESTION, predictionId: 'together', asOf: TILL }]);
  expect(prediction).toMatchObject({ experiment: 'history', fallback: false });
}
