/** The folder of one attempt: the training file, its order, what it writes. */
import { mkdir, open, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isNumeric } from '@roofshot/feature-defs/feature-value';
import { TRAINING_DEFAULTS } from '@roofshot/contracts/resources/training-job';
import { parseDuration } from '@roofshot/runtime/durations';
import { trialIdOf } from '../runs/trial-id.ts';
import type { Claimed } from './claim-trial.ts';

/** Of a longer log the end is kept: it tells how the trial ended. */
const MAX_LOG_BYTES = 4 * 1024 * 1024;
const LOG = 'log.txt';

export interface AttemptFolder {
  readonly folder: string;
  /** The training file. */
  readonly file: string;
}

/** `snapshot`: path of the Parquet file. */
export async function makeAttemptFolder(folder: string, claimed: Claimed, snapshot: string): Promise<AttemptFolder> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const file = join(folder, basename(claimed.spec.entryPoint));
  await writeFile(file, claimed.spec.code ?? '');
  await writeFile(join(folder, 'run.json'), JSON.stringify(orderOf(claimed, snapshot)));
  return { folder, file };
}

function orderOf(claimed: Claimed, path: string): object {
  const { runId, job, model, spec, snapshot, params, threads, deadline, kind, to } = claimed;
  const known = new Map(snapshot.features.map(({ name, dtype }) => [name, dtype]));
  const names = spec.features ?? snapshot.features.filter(({ dtype }) => isNumeric(dtype)).map(({ name }) => name);
  const held = spec.validation === undefined ? undefined : parseDuration(spec.validation.last);
  return {
    runId,
    trialId: trialIdOf(runId, claimed),
    job,
    model,
    params: { ...params, n_jobs: threads },
    seed: spec.seed ?? TRAINING_DEFAULTS.seed,
    snapshot: { path, hash: snapshot.object },
    features: names.map((name) => ({ name, dtype: known.get(name) ?? 'float' })),
    label: snapshot.label,
    eventTimeColumn: snapshot.eventTimeColumn,
    validation: held === undefined || kind === 'final' ? null : { from: new Date(to.getTime() - held).toISOString() },
    refit: kind === 'final',
    deadline: deadline.toISOString(),
  };
}

/** The end of what the trial has written so far; empty before it began. */
export async function readLog(folder: string): Promise<Buffer> {
  const log = await open(join(folder, LOG)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (log === undefined) return Buffer.alloc(0);
  try {
    const { size } = await log.stat();
    const { buffer, bytesRead } = await log.read({
      buffer: Buffer.alloc(Math.min(size, MAX_LOG_BYTES)),
      position: Math.max(0, size - MAX_LOG_BYTES),
    });
    return buffer.subarray(0, bytesRead);
  } finally {
    await log.close();
  }
}
