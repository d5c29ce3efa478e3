import type { Analyst } from '../analysis/analyst.ts';
import { advanceIdle, type IdleNeeds } from './advance-idle.ts';
import type { ProgressAnswers } from './progress-answers.ts';

/** What follows once a batch is committed, or nothing is left to read. */
export class Reader {
  readonly #idle: IdleNeeds;
  readonly #progress: ProgressAnswers;
  readonly #analyst: Analyst;

  constructor(idle: IdleNeeds, progress: ProgressAnswers, analyst: Analyst) {
    this.#idle = idle;
    this.#progress = progress;
    this.#analyst = analyst;
  }

  committed(): Promise<void> {
    this.#progress.moved();
    this.#analyst.poke();
    return Promise.resolve();
  }

  async idle(task: { readonly topic: string; readonly partition: number }): Promise<void> {
    if (await advanceIdle(this.#idle, task)) this.#analyst.poke();
  }
}
