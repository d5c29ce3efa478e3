/** Orders and state of training runs. */
import { randomUUID } from 'node:crypto';
import { MetricsAnswer, RunAnswer, RunLogs, StartRunRequest } from '@roofshot/contracts/http/training';
import { Name, Ordinal, Reason, RunId } from '@roofshot/contracts/ids';
import { actorOf } from '@roofshot/runtime/actor';
import { Wait, waitMs } from '@roofshot/runtime/durations';
import type { HttpRoutes } from '@roofshot/runtime/http';
import type { Signal } from '@roofshot/runtime/signal';
import { Type } from 'typebox';
import { fail } from './errors.ts';
import type { TrainingPlatform } from './platform.ts';
import { cancelRun } from './runs/cancel-run.ts';
import { describeRun, isEnded } from './runs/describe-run.ts';
import { findRun, listRuns, type Run } from './runs/run-store.ts';
import { trialIdOf } from './runs/trial-id.ts';
import { listMetrics, listTrials } from './runs/trial-store.ts';
import type { TrainingRuns } from './training-runs.ts';

export interface RunRouteNeeds {
  readonly runs: Pick<TrainingRuns, 'start' | 'liveLog'>;
  readonly changes: Signal;
}

const OneRun = Type.Object({ runId: RunId });
const MAX_LISTED = 1_000;

export function addRunRoutes(http: HttpRoutes, platform: TrainingPlatform, needs: RunRouteNeeds): void {
  addOrders(http, platform, needs);
  addReads(http, platform, needs);
  addDetails(http, platform, needs);
}

function addOrders(http: HttpRoutes, { sql, transactions }: TrainingPlatform, { runs }: RunRouteNeeds): void {
  http.route({
    method: 'POST',
    url: '/v1/training-runs',
    summary: 'Orders a run of a job on a range of observations. The same runId again is the same run.',
    body: StartRunRequest,
    response: RunAnswer,
    status: 202,
    handler: async ({ body: { runId = randomUUID(), reason = 'asked for', ...order }, headers }) =>
      describeRun(sql, await runs.start({ ...order, runId, reason, requestedBy: actorOf(headers) })),
  });
  http.route({
    method: 'DELETE',
    url: '/v1/training-runs/:runId',
    summary: 'Cancels a run: its processes end, its finished trials are kept.',
    params: OneRun,
    query: Type.Object({ reason: Type.Optional(Reason) }),
    response: RunAnswer,
    handler: async ({ params: { runId }, query: { reason = 'cancelled on request' }, headers }) =>
      describeRun(sql, await transactions.run((tx) => cancelRun(tx, { runId, reason, requestedBy: actorOf(headers) }))),
  });
}

function addReads(http: HttpRoutes, { sql }: TrainingPlatform, { changes }: RunRouteNeeds): void {
  http.route({
    method: 'GET',
    url: '/v1/training-runs',
    summary: 'Runs, newest first.',
    query: Type.Object({ job: Type.Optional(Name), limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_LISTED })) }),
    response: Type.Object({ items: Type.Array(RunAnswer) }),
    handler: async ({ query: { job, limit = 100 } }) => ({
      items: await Promise.all((await listRuns(sql, { job, limit })).map((run) => describeRun(sql, run))),
    }),
  });
  http.route({
    method: 'GET',
    url: '/v1/training-runs/:runId',
    summary: 'One run with its trials and why it waits. With wait and until=ended: held until it has finished, failed or was cancelled.',
    params: OneRun,
    query: Type.Object({ wait: Type.Optional(Wait), until: Type.Optional(Type.Literal('ended')) }),
    response: RunAnswer,
    handler: async ({ params: { runId }, query: { wait, until }, signal }) => {
      await changes.waitUntil(async () => until === undefined || isEnded((await runOf(sql, runId)).state), {
        timeoutMs: waitMs(wait),
        signal,
      });
      return describeRun(sql, await runOf(sql, runId));
    },
  });
}

function addDetails(http: HttpRoutes, { sql, objects }: TrainingPlatform, { runs }: RunRouteNeeds): void {
  http.route({
    method: 'GET',
    url: '/v1/training-runs/:runId/logs',
    summary: 'What the trials wrote to standard output and error, of one trial or of all; of each attempt the last 4 MiB.',
    params: OneRun,
    query: Type.Object({ trial: Type.Optional(Ordinal) }),
    response: RunLogs,
    handler: async ({ params: { runId }, query: { trial } }) => {
      await runOf(sql, runId);
      const wanted = (await listTrials(sql, runId)).filter(({ number }) => trial === undefined || number === trial);
      const texts = wanted.map(async ({ number, kind, state, logs }) => {
        const kept = await Promise.all(logs.map(async (key) => (await objects.read(key)).toString()));
        const live = state === 'running' ? await runs.liveLog(runId, number) : undefined;
        return { trialId: trialIdOf(runId, { number, kind }), number, attempts: [...kept, ...(live === undefined ? [] : [live])] };
      });
      return { items: await Promise.all(texts) };
    },
  });
  http.route({
    method: 'GET',
    url: '/v1/training-runs/:runId/trials/:number/metrics',
    summary: 'Every value that a trial has logged, in order.',
    params: Type.Object({ runId: RunId, number: Ordinal }),
    response: MetricsAnswer,
    handler: async ({ params: { runId, number } }) => {
      await runOf(sql, runId);
      return { items: await listMetrics(sql, runId, number) };
    },
  });
}

async function runOf(sql: TrainingPlatform['sql'], runId: string): Promise<Run> {
  const run = await findRun(sql, runId);
  if (run === undefined) throw fail('not-found', `There is no training run ${runId}. List all with GET /v1/training-runs.`);
  return run;
}
