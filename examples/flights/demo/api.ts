/** The platform's HTTP doors as the demo uses them: the same that any user has. */
import type { EventsAnswer } from '@roofshot/contracts/http/ingestion';
import { PROGRESS_HEADER } from '@roofshot/contracts/http/ingestion';
import type { ExperimentResults } from '@roofshot/contracts/http/experiments';
import type { AuditAnswer, ProgressAnswer } from '@roofshot/contracts/http/features';
import type { AliasHistory, VersionAnswer } from '@roofshot/contracts/http/registry';
import type { DeploymentState, Prediction, PredictRequest } from '@roofshot/contracts/http/serving';
import type { RunAnswer } from '@roofshot/contracts/http/training';
import { call as ask, type Call } from '@roofshot/cli/client';
import { STEP } from './calendar.ts';

export const MODEL = 'flight-delay';
export const DEPLOYMENT = 'flight-delay';
export const EXPERIMENT = 'streaming-features';

/** What is done here is done by the demo, and the audit shall say so. */
const call = <T>(url: string, path: string, { headers, ...rest }: Call = {}): Promise<T> =>
  ask(url, path, { ...rest, headers: { 'x-actor': 'demo', ...headers } });

export class Api {
  readonly url: string;
  constructor(url: string) {
    this.url = url;
  }

  /** Sends events and says that everything before `progress` has been sent. */
  sendEvents(events: readonly unknown[], progress?: string): Promise<EventsAnswer> {
    const headers = {
      'content-type': 'application/cloudevents-batch+json',
      ...(progress === undefined ? {} : { [PROGRESS_HEADER]: progress }),
    };
    return call(this.url, '/v1/events', { method: 'POST', body: JSON.stringify(events), headers });
  }

  /** Held until features has applied everything before `at`. */
  async awaitFeatures(at: string): Promise<ProgressAnswer> {
    for (;;) {
      const answer = await call<ProgressAnswer>(this.url, `/v1/features/progress?at=${encodeURIComponent(at)}&wait=30s`);
      if (answer.reached) return answer;
    }
  }

  /** After a fault of the online store: until the values that serving reads are complete up to a step before `at`. */
  async awaitOnline(at: string): Promise<void> {
    const request = { entities: { origin: 'ORD', destination: 'LAX' }, context: { hour: 7, weekday: 0, distance: 1745 }, asOf: at };
    const body = { featureService: 'flight-risk', requests: [request] };
    for (;;) {
      const { vectors } = await call<{ vectors: { ageSeconds: number }[] }>(this.url, '/v1/features/read', { method: 'POST', body });
      if ((vectors[0]?.ageSeconds ?? Number.POSITIVE_INFINITY) <= STEP / 1000) return;
      await new Promise((wake) => setTimeout(wake, 50));
    }
  }

  async predict(requests: readonly PredictRequest[]): Promise<readonly Prediction[]> {
    if (requests.length === 0) return [];
    const { predictions } = await call<{ predictions: Prediction[] }>(this.url, `/v1/predict/${DEPLOYMENT}`, {
      method: 'POST',
      body: { requests },
    });
    return predictions;
  }

  startRun(job: string, range: { from: string; to: string; asOf: string }): Promise<RunAnswer> {
    const body = { runId: `${job}-${range.asOf.slice(0, 10)}`, job, ...range, reason: 'the training range has ended' };
    return call(this.url, '/v1/training-runs', { method: 'POST', body });
  }

  async awaitRun(runId: string): Promise<RunAnswer> {
    for (;;) {
      const run = await call<RunAnswer>(this.url, `/v1/training-runs/${encodeURIComponent(runId)}?wait=30s&until=ended`);
      if (['finished', 'failed', 'cancelled'].includes(run.state)) return run;
    }
  }

  async awaitVersion(version: number): Promise<VersionAnswer> {
    for (;;) {
      const answer = await call<VersionAnswer>(this.url, `/v1/models/${MODEL}/versions/${version}?wait=30s&until=approved`);
      if (answer.state !== 'registered') return answer;
    }
  }

  versions(): Promise<{ items: VersionAnswer[] }> {
    return call(this.url, `/v1/models/${MODEL}/versions`);
  }

  history(): Promise<AliasHistory> {
    return call(this.url, `/v1/models/${MODEL}/history`);
  }

  setAlias(alias: string, version: number, reason: string): Promise<unknown> {
    return call(this.url, `/v1/models/${MODEL}/aliases/${alias}`, { method: 'PUT', body: { version, reason } });
  }

  /** Held until the alias answers (or shadows) with the version. */
  async awaitServing(alias: string, version: number): Promise<DeploymentState> {
    const query = `alias=${alias}&version=${version}&wait=30s`;
    return this.deploymentState(query, (state) =>
      [...state.variants, ...state.shadows].some((one) => one.alias === alias && one.version === version),
    );
  }

  async awaitAllocation(state: 'running' | 'stopped'): Promise<DeploymentState> {
    return this.deploymentState(`experiment=${EXPERIMENT}&state=${state}&wait=30s`, ({ allocation }) => allocation?.state === state);
  }

  private async deploymentState(query: string, reached: (state: DeploymentState) => boolean): Promise<DeploymentState> {
    for (;;) {
      const state = await call<DeploymentState>(this.url, `/v1/deployments/${DEPLOYMENT}/state?${query}`);
      if (reached(state)) return state;
    }
  }

  startExperiment(at: string): Promise<unknown> {
    return call(this.url, `/v1/experiments/${EXPERIMENT}/start`, { method: 'POST', body: { at, requestedBy: 'demo' } });
  }

  /** Held until every answer and its shadows' answers lie on the log, and experiments has folded all of it. */
  async awaitExperiments(): Promise<void> {
    await this.reached('/v1/predictions/progress?wait=30s');
    await this.reached('/v1/experiments/progress?wait=30s');
  }

  private async reached(path: string): Promise<void> {
    for (;;) {
      const { reached } = await call<{ reached: boolean }>(this.url, path);
      if (reached) return;
    }
  }

  /** Recomputes the newest served vectors from raw events, by code of its own. */
  audit(sample: number): Promise<AuditAnswer> {
    return call(this.url, '/v1/features/audit', { method: 'POST', body: { sample } });
  }

  results(): Promise<ExperimentResults> {
    return call(this.url, `/v1/experiments/${EXPERIMENT}/results`);
  }
}
