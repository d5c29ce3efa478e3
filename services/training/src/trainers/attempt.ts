/** One attempt at a trial: from the claimed row to how it ended. Writes nothing about the trial itself. */
import { rm } from 'node:fs/promises';
import type { ObjectStore } from '@roofshot/storage/object-store';
import type { AttemptEnd } from '../runs/settle-trial.ts';
import type { MetricRow, TrialModel } from '../runs/trial-store.ts';
import { makeAttemptFolder, readLog } from './attempt-folder.ts';
import type { Claimed } from './claim-trial.ts';
import { endOf, RELEASED, type Told } from './end-of-attempt.ts';
import { MetricLog } from './metric-log.ts';
import type { TrainerHost } from './trainer-host.ts';
import type { Report } from './trainer-messages.ts';
import type { ProcessEnd } from './trainer-server.ts';

export interface AttemptNeeds {
  readonly host: TrainerHost;
  readonly objects: ObjectStore;
  readonly folder: string;
  readonly silenceMs: number;
  /** Must not throw. */
  readonly writeMetrics: (rows: readonly MetricRow[]) => Promise<void>;
}

export class RunningAttempt {
  readonly claimed: Claimed;
  readonly key: string;
  readonly folder: string;
  readonly #needs: AttemptNeeds;
  readonly #metrics: MetricLog;
  readonly #told: { failure?: Told['failure']; model?: Told['model']; isFinished: boolean } = { isFinished: false };
  #stopped: 'released' | 'silent' | undefined;
  #silence: NodeJS.Timeout | undefined;

  constructor(claimed: Claimed, needs: AttemptNeeds) {
    this.claimed = claimed;
    this.key = keyOf(claimed);
    this.folder = needs.folder;
    this.#needs = needs;
    this.#metrics = new MetricLog(needs.writeMetrics);
  }

  /** Throws only when the machine fails us: no room for its folder, no access to the snapshot or the object store. */
  async run(): Promise<AttemptEnd> {
    const { host, objects, folder } = this.#needs;
    const began = performance.now();
    try {
      const { file } = await makeAttemptFolder(folder, this.claimed, await objects.fetch(this.claimed.snapshot.object));
      if (this.#stopped === 'released') return { kind: 'released', reason: RELEASED, metrics: {}, seconds: 0, model: null };
      const ended = await host.run({ key: this.key, file, folder, heard: (report) => this.#hear(report) });
      clearTimeout(this.#silence);
      await this.#metrics.end();
      return await this.#end(ended, (performance.now() - began) / 1000);
    } finally {
      clearTimeout(this.#silence);
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** The trial goes back into the queue: this service stops, or somebody else has it by now. */
  release(): void {
    this.#stopped ??= 'released';
    this.#needs.host.cancel(this.key);
  }

  #hear(report: Report | 'started'): void {
    this.#expectWords();
    if (report === 'started') return;
    if (report.type === 'metric') this.#metrics.add(report.name, report.value, report.step);
    else if (report.type === 'model') this.#told.model = report;
    else if (report.type === 'failed') this.#told.failure = report;
    else if (report.type === 'finished') this.#told.isFinished = true;
  }

  #expectWords(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      this.#stopped ??= 'silent';
      this.#needs.host.cancel(this.key);
    }, this.#needs.silenceMs);
  }

  async #end(ended: ProcessEnd, seconds: number): Promise<AttemptEnd> {
    const { objects, folder } = this.#needs;
    const judged = endOf({ ...this.#told, stopped: this.#stopped, ended, silenceMs: this.#needs.silenceMs });
    const text = await readLog(folder);
    const log = text.length === 0 ? undefined : (await objects.putBytes(text)).key;
    const model = judged.kind === 'finished' && this.claimed.kind === 'final' ? await this.#keepModel() : null;
    return { ...judged, metrics: this.#metrics.last, seconds, model, ...(log !== undefined && { log }) };
  }

  async #keepModel(): Promise<TrialModel | null> {
    const { model } = this.#told;
    if (model === undefined) return null;
    const { key, bytes } = await this.#needs.objects.putFile(model.path);
    const { label } = this.claimed.snapshot;
    const output = { name: model.signature.output, dtype: 'float', meaning: `[P(not ${label}), P(${label})] for each row` };
    return { artifact: key, artifactBytes: bytes, signature: { inputs: model.signature.inputs, output } };
  }
}

export function keyOf({ runId, number, epoch }: Pick<Claimed, 'runId' | 'number' | 'epoch'>): string {
  return JSON.stringify([runId, number, epoch]);
}
