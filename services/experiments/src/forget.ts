/** Forgets what can no longer be asked for, in the background and in small bites: unmatched facts past their window, tiles past their look. */
import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { PLATFORM } from '@roofshot/runtime/service';
import { failureLevel } from '@roofshot/storage/failure-level';
import { runWith } from '@roofshot/telemetry/context';
import { forgetUnits } from './join/unit-store.ts';
import { outcomeTypesOf, type Scope } from './join/scope.ts';
import { Scopes } from './join/scope-store.ts';
import type { ExperimentsPlatform } from './platform.ts';
import { openProbations } from './probation/probation-store.ts';
import { leastKnown } from './progress/event-times.ts';
import { Positions } from './progress/positions.ts';
import { readProgress } from './progress/read-progress.ts';
import { putTogether } from './sums/sums-store.ts';

const EVERY_MS = 60_000;
const BITE = 5_000;

type ForgetPlatform = Pick<ExperimentsPlatform, 'sql' | 'log' | 'name'>;

@Injectable()
export class Forget implements OnModuleInit, OnModuleDestroy {
  readonly #platform: ForgetPlatform;
  readonly #scopes: Scopes;
  readonly #positions: Positions;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(@Inject(PLATFORM) platform: ForgetPlatform, @Inject(Scopes) scopes: Scopes, @Inject(Positions) positions: Positions) {
    this.#platform = platform;
    this.#scopes = scopes;
    this.#positions = positions;
  }

  onModuleInit(): void {
    this.#timer = setInterval(() => {
      this.#running = runWith({ service: this.#platform.name }, () => this.#tryRun());
    }, EVERY_MS);
    this.#timer.unref();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  async #tryRun(): Promise<void> {
    try {
      await this.run();
    } catch (error) {
      this.#platform.log[failureLevel(error)]('What is no longer needed could not be forgotten; the next run tries again.', { error });
    }
  }

  async run(): Promise<void> {
    const { sql } = this.#platform;
    const progressOf = await readProgress(sql, this.#positions);
    for (const scope of await this.#scopes.open(sql)) {
      const { answers, outcomes } = progressOf({ deployment: scope.spec.deployment, outcomeTypes: outcomeTypesOf(scope.spec) });
      const complete = leastKnown([answers, outcomes]);
      if (complete !== null) await this.#forgetUnits(scope.id, complete - patienceOf(scope));
    }
    for (const id of await this.#scopes.closedWithUnmatched(sql)) await this.#forgetUnits(id, Number.MAX_SAFE_INTEGER);
    for (const { scope, looked } of await openProbations(sql)) await putTogether(sql, scope, Math.min(looked.served, looked.paired) - 1);
  }

  async #forgetUnits(scope: number, before: number): Promise<void> {
    while ((await forgetUnits(this.#platform.sql, scope, before, BITE)) === BITE) continue;
  }
}

/** A fact waits for its partners as long as an outcome may take, and as long again for those that are read late. */
function patienceOf({ compiled }: Scope): number {
  return 2 * Math.max(...compiled.map(({ maturityMs }) => maturityMs));
}
