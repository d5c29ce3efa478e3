import { failureLevel } from '@roofshot/storage/failure-level';
import type { Logger } from '@roofshot/telemetry/logger';

/** In this order; the steps of one stage run together, those of `rest` one after the other in reverse. */
const STAGES = ['intake', 'deliveries', 'front', 'applications'] as const;
type Stage = (typeof STAGES)[number] | 'rest';

/** What has to be undone, in its order. A step that fails is told at the end and keeps none of the others from running. */
export class Shutdown {
  readonly #steps: { readonly stage: Stage; readonly undo: () => Promise<void> }[] = [];
  readonly #log: Logger;
  #running: Promise<void> | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  add(undo: () => Promise<void>, stage: Stage = 'rest'): void {
    this.#steps.push({ stage, undo });
  }

  /** Runs all steps once, however often it is called. Rejects with every failure. */
  run(): Promise<void> {
    this.#running ??= this.#runAll();
    return this.#running;
  }

  async #runAll(): Promise<void> {
    const errors: unknown[] = [];
    for (const stage of STAGES) errors.push(...(await this.#together(this.#of(stage))));
    for (const undo of this.#of('rest').reverse()) errors.push(...(await this.#together([undo])));
    if (errors.length === 0) return;
    throw errors.length === 1 ? errors[0] : new AggregateError(errors, 'Several things could not be stopped in order.');
  }

  #of(stage: Stage): (() => Promise<void>)[] {
    return this.#steps.filter((step) => step.stage === stage).map(({ undo }) => undo);
  }

  /** A failure is logged at once: the last step closes the log. */
  async #together(steps: readonly (() => Promise<void>)[]): Promise<unknown[]> {
    const results = await Promise.allSettled(steps.map(async (undo) => undo()));
    const errors = results.filter((result) => result.status === 'rejected').map(({ reason }) => reason as unknown);
    for (const error of errors) this.#log[failureLevel(error)]('The stop was not clean.', { error });
    return errors;
  }
}
