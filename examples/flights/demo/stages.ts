/** The demo's chapters, each a few sentences of what a user would do. */
import { call } from '@roofshot/cli/client';
import { openObjectStore } from '@roofshot/storage/open-object-store';
import { MODEL, type Api } from './api.ts';
import { CALENDAR, experimentOf } from './calendar.ts';
import type { Progress } from './progress.ts';
import type { Replay, ReplayHooks } from './replay.ts';
import type { VersionFile } from './truth.ts';

export interface Stage {
  readonly api: Api;
  readonly replay: Replay;
  readonly progress: Progress;
}

export interface Trained {
  readonly version: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly labelNotKnown: number;
  readonly rows: number;
}

/** Both jobs on one snapshot of 2–13 January; the first version becomes champion, the second shadow. */
export async function train(api: Api): Promise<readonly [Trained, Trained]> {
  const range = { from: CALENDAR.trainFrom, to: CALENDAR.trainTo, asOf: CALENDAR.trainTo };
  const first = await trainOne(api, 'delay-static', 1, range);
  await api.awaitServing('champion', first.version);
  const second = await trainOne(api, 'delay-all', 2, range);
  await api.setAlias('shadow', second.version, 'watch it beside the champion before it answers anyone');
  await api.awaitServing('shadow', second.version);
  return [first, second];
}

async function trainOne(api: Api, job: string, version: number, range: { from: string; to: string; asOf: string }): Promise<Trained> {
  const { runId } = await api.startRun(job, range);
  const run = await api.awaitRun(runId);
  if (run.state !== 'finished') throw new Error(`The training run ${runId} ${run.state}: ${run.because}`);
  const registered = await api.awaitVersion(version);
  if (registered.state !== 'approved') {
    const failed = registered.checks.filter((check) => !check.passed).map((check) => `${check.name}: ${check.detail}`);
    throw new Error(`Version ${version} of ${MODEL} was refused: ${failed.join('; ')}`);
  }
  const { snapshotRows, labelNotKnown } = registered.lineage as { snapshotRows: number; labelNotKnown: number };
  return { version, metrics: registered.metrics, rows: snapshotRows, labelNotKnown };
}

/** Some days in which both versions answer, each to its half. */
export async function runExperiment(days: number, { api, replay, progress }: Stage): Promise<{ secondsToDecision: number }> {
  await api.setAlias('challenger', 2, 'the shadow agrees well enough to be tried');
  await api.awaitServing('challenger', 2);
  await api.startExperiment(CALENDAR.experimentFrom);
  await api.awaitAllocation('running');
  const hooks: ReplayHooks = { moved: (time) => progress.at(time) };
  const { to, matured } = experimentOf(days);
  await replay.stepUntil(to, hooks);
  await replay.stepUntil(matured, hooks);
  const began = performance.now();
  await api.awaitExperiments();
  await api.awaitAllocation('stopped');
  return { secondsToDecision: (performance.now() - began) / 1000 };
}

export interface Disagreement {
  readonly pairs: number;
  /** Share of flights for which the two versions would decide differently. */
  readonly differ: number;
}

export interface RollBack {
  readonly fault: string;
  readonly guardrail: string;
  /** Matured outcomes under the version's probation until the breach. */
  readonly outcomesUntilBreach: number;
  /** Wall milliseconds from the breach to the first answer by the old version; infinite when there was none. */
  readonly milliseconds: number;
  /** While its fault was on; unknown where no fault was. */
  readonly featureAgeMaxSeconds: number | undefined;
}

/** Service → records that it has not applied yet. */
export async function lagOf(url: string): Promise<Readonly<Record<string, number | null>>> {
  const { services } = await call<{ services: readonly { name: string; lag: number | null }[] }>(url, '/status');
  return Object.fromEntries(services.map(({ name, lag }) => [name, lag]));
}

/** The version's ONNX file in the data folder, with the order of its inputs. */
export async function versionFile(api: Api, version: number, objectsUrl: string): Promise<VersionFile> {
  const { artifact, signature } = await api.awaitVersion(version);
  const objects = await openObjectStore(objectsUrl);
  const { inputs } = signature as { inputs: readonly { name: string }[] };
  return { path: await objects.fetch(artifact), inputs: inputs.map(({ name }) => name) };
}
