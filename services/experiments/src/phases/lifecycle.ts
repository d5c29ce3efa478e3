import type { CommandOf } from '@roofshot/contracts/define';
import { deployments } from '@roofshot/contracts/deployments';
import type { StopExperiment } from '@roofshot/contracts/experiments';
import { modelVersions } from '@roofshot/contracts/models';
import { done, skip, type Outcome, type Tx } from '@roofshot/messaging/handlers';
import type { Resources } from '@roofshot/runtime/resources';
import type { Analyst } from '../analysis/analyst.ts';
import { fail } from '../errors.ts';
import type { ExperimentsPlatform } from '../platform.ts';
import type { ProgressAnswers } from '../progress/progress-answers.ts';
import type { Phase } from './phase.ts';
import { latestPhase } from './phase-store.ts';
import { startExperiment } from './start-experiment.ts';
import { stopExperiment } from './stop-experiment.ts';

/** A start waits so long for what the registry and serving have already said. */
const CAUSES_MS = 10_000;

export interface LifecycleNeeds {
  readonly platform: ExperimentsPlatform;
  readonly resources: Resources;
  readonly progress: ProgressAnswers;
  readonly analyst: Analyst;
}

/** Starts and stops, by people and by command. */
export class Lifecycle {
  readonly #needs: LifecycleNeeds;

  constructor(needs: LifecycleNeeds) {
    this.#needs = needs;
  }

  /** `at`: RFC 3339, default now. What was said before the call, such as an alias that was just set, is taken into account. */
  async start(
    { experiment, at, requestedBy }: { readonly experiment: string; readonly at: string | undefined; readonly requestedBy: string },
    signal: AbortSignal,
  ): Promise<Phase> {
    const { platform, resources, progress, analyst } = this.#needs;
    const isFolded = await progress.folded([modelVersions.name, deployments.name], { timeoutMs: CAUSES_MS, signal });
    if (!isFolded)
      throw fail('unavailable', `${experiment} was not started: news of models and deployments is still being read. Try again.`);
    const order = { experiment, at: at === undefined ? platform.clock() : Date.parse(at), requestedBy };
    const phase = await platform.transactions.run((tx) => startExperiment(tx, resources, order));
    analyst.poke();
    return phase;
  }

  /** Throws `not-running`. */
  async stop({
    experiment,
    reason,
    requestedBy,
  }: {
    readonly experiment: string;
    readonly reason: string;
    readonly requestedBy: string;
  }): Promise<void> {
    const { platform, resources } = this.#needs;
    await platform.transactions.run(async (tx) => {
      const phase = await latestPhase(tx, experiment);
      if (phase === undefined) throw fail('not-running', `${experiment} was never started, so there is nothing to stop.`);
      const stopped = await stopExperiment(tx, resources, { experiment, phase: phase.phase, reason, requestedBy });
      if (stopped === undefined)
        throw fail('not-running', `Phase ${phase.phase} of ${experiment} does not run any more: it is ${phase.state}.`);
    });
  }

  async handleStop({ data }: CommandOf<typeof StopExperiment>, tx: Tx): Promise<Outcome> {
    const stopped = await stopExperiment(tx, this.#needs.resources, data);
    return stopped === undefined ? skip(`Phase ${data.phase} of ${data.experiment} does not run (any more).`) : done();
  }
}
