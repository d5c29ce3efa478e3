/** Training with its stand-in on a database of its own, spoken to by HTTP, commands and topics alone. */
import { join } from 'node:path';
import type { RunAnswer } from '@roofshot/contracts/http/training';
import type { TrainingJobSpec } from '@roofshot/contracts/resources/training-job';
import { run, type Running } from '@roofshot/runtime/run';
import type { AnyService } from '@roofshot/runtime/service';
import { testDatabase } from '@roofshot/testing/postgres';
import { tempDir } from '@roofshot/testing/temp-dir';
import { standIn, type Said, type StandIn } from './stand-in.ts';

export const RANGE = { from: '2001-01-01T00:00:00Z', to: '2001-01-13T12:00:00Z', asOf: '2001-01-14T00:00:00Z' };

/** Fits fast, logs a metric with steps, and says what it was given. */
export const TRAINER = `
from lightgbm import LGBMClassifier
from roofshot_trainer.metrics import auc, log_loss

def train(run):
    print("training", run.trial, sorted(run.params.items()))
    fit, valid = run.split()
    stable = {"deterministic": True, "force_row_wise": True, "verbose": -1}
    model = LGBMClassifier(**run.params, **stable, seed=run.seed, n_jobs=run.n_jobs).fit(fit[run.features], fit[run.label])
    if len(valid):
        p = model.predict_proba(valid[run.features])[:, 1]
        for step in range(3):
            run.log_metric("log_loss", log_loss(valid[run.label], p) + 2 - step, step=step)
        run.log_metric("auc", auc(valid[run.label], p))
    run.log_model(model)
`;
/** Says that it is there and then waits until it is ended. */
export const WAITING = `
import os, time
def train(run):
    print("waiting", os.getpid(), flush=True)
    time.sleep(600)
`;

export const spec = (over: Partial<TrainingJobSpec> = {}): TrainingJobSpec => ({
  entryPoint: 'trainers/late.py',
  code: TRAINER,
  featureService: 'flight-risk',
  observation: { eventType: 'flight.departed', entities: {}, context: {} },
  label: { eventType: 'flight.landed', name: 'late', value: 'data.delay > 15' },
  registers: 'flight-delay',
  params: { n_estimators: 10 },
  validation: { last: '2d' },
  seed: 7,
  ...over,
});

export interface Answer {
  readonly status: number;
  readonly body: RunAnswer & { detail: string; code: string; faults?: { path: string; message: string }[]; result?: string };
}

export interface Lab extends StandIn {
  readonly sqlUrl: string;
  readonly folder: string;
  /** The training service's URL; another one after a restart elsewhere. */
  url: string;
  readonly env: Readonly<Record<string, string>>;
  call(method: string, path: string, body?: unknown): Promise<Answer>;
  apply(name: string, spec: TrainingJobSpec): Promise<Answer>;
  start(runId: string, job: string, over?: Partial<typeof RANGE>): Promise<Answer>;
  /** Held until the run has ended. */
  ended(runId: string): Promise<RunAnswer>;
  /** The next event of the type about the run, waited for. */
  heard<T extends Said['type']>(type: T, runId: string): Promise<Extract<Said, { type: T }>>;
  stop(): Promise<void>;
}

/** `services`: what runs beside the stand-in in this process. */
export async function startLab(services: readonly AnyService[], over: Readonly<Record<string, string>> = {}): Promise<Lab> {
  const database = await testDatabase();
  const { path: folder, remove } = await tempDir('training');
  const stand = standIn(folder);
  const env = {
    DATA_DIR: folder,
    SQL_URL: database.url,
    OBJECTS_URL: `file:${join(folder, 'objects')}`,
    FEATURES_PORT: '0',
    LOG_FILE: join(folder, 'log'),
    ...over,
  };
  const own: Record<string, string> = services.length > 0 ? { TRAINING_PORT: '0' } : {};
  const running = await run([stand.service, ...services], { env: { ...env, ...own } });
  // The very object that the stand-in's handlers read, so that a test can change its answers.
  return Object.assign(client(stand, running), {
    sqlUrl: database.url,
    folder,
    env,
    stop: async () => {
      await running.stop();
      await database.drop();
      await remove();
    },
  });
}

function client(stand: StandIn, running: Running): Omit<Lab, 'sqlUrl' | 'folder' | 'env' | 'stop'> {
  const lab = Object.assign(stand, {
    url: running.urls['training'] ?? '',
    call: async (method: string, path: string, body?: unknown): Promise<Answer> => {
      const sent =
        body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json', 'x-actor': 'ada' } };
      const answer = await fetch(`${lab.url}${path}`, { method, ...sent });
      return { status: answer.status, body: (await answer.json()) as Answer['body'] };
    },
    apply: (name: string, job: TrainingJobSpec) =>
      lab.call('PUT', `/v1/training-jobs/${name}`, { apiVersion: 'roofshot/v1', kind: 'TrainingJob', metadata: { name }, spec: job }),
    start: (runId: string, job: string, over: Partial<typeof RANGE> = {}) =>
      lab.call('POST', '/v1/training-runs', { runId, job, ...RANGE, ...over }),
    ended: async (runId: string): Promise<RunAnswer> => {
      const { body } = await lab.call('GET', `/v1/training-runs/${runId}?wait=50s&until=ended`);
      if (['finished', 'failed', 'cancelled'].includes(body.state)) return body;
      throw new Error(`The run ${runId} has not ended. ${body.because}`);
    },
    heard: async <T extends Said['type']>(type: T, runId: string) => {
      const find = (): Said | undefined => stand.said.find((event) => event.type === type && event.data.runId === runId);
      const event = await stand.changed.waitUntil(find, { timeoutMs: 30_000 });
      if (event === undefined) throw new Error(`No ${type} of ${runId} was heard.`);
      return event as Extract<Said, { type: T }>;
    },
  });
  return lab;
}
