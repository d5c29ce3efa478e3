/**
 * Changed views: computed from the log beside the one that answers, compared with it, then put in its place, all of it at one moment. The
 * state of that is a row; whatever process is killed, another goes on from there.
 */
import type { CommandOf } from '@roofshot/contracts/define';
import { featureBackfills, featureDefinitions, type ControlBackfill } from '@roofshot/contracts/features';
import type { FeatureView, FeatureViewSpec } from '@roofshot/contracts/resources/feature-kinds';
import type { Declared } from '@roofshot/feature-defs/definitions';
import type { ViewPlan } from '@roofshot/feature-defs/view-plan';
import type { EventBus } from '@roofshot/messaging/events';
import { done, type Outcome, type Tx } from '@roofshot/messaging/handlers';
import type { Transactions } from '@roofshot/messaging/transactions';
import type { DeclaredOf } from '@roofshot/runtime/resource-rules';
import { Signal } from '@roofshot/runtime/signal';
import { failureLevel } from '@roofshot/storage/failure-level';
import type { Sql } from '@roofshot/storage/sql';
import { runWith } from '@roofshot/telemetry/context';
import type { Logger } from '@roofshot/telemetry/logger';
import type { ActiveViews } from '../active-views.ts';
import { metrics } from '../metrics.ts';
import { findBackfill, insertBackfill, stepBackfill, type Backfill, type Report, type State } from './backfill-store.ts';
import { distanceOf } from './caught-up.ts';
import { compareGenerations } from './compare-generations.ts';
import { viewChanged, withLive } from './declared-view.ts';

export interface BackfillsSetup {
  readonly name: string;
  readonly sql: Sql;
  readonly events: EventBus;
  readonly transactions: Transactions;
  readonly views: ActiveViews;
  readonly log: Logger;
}

type ViewResource = DeclaredOf<typeof FeatureView>;
type Action = CommandOf<typeof ControlBackfill>['data']['action'];

/** Between two looks at those that are under way; catching up looks by itself when it has met the log. */
const LOOK_MS = 500;

/** From which states an action leads where. */
const ACTIONS: Readonly<Record<Action, { readonly before: readonly State[]; readonly state: State }>> = {
  pause: { before: ['running', 'compared'], state: 'paused' },
  resume: { before: ['paused', 'cancelled'], state: 'running' },
  cancel: { before: ['running', 'paused', 'compared'], state: 'cancelled' },
  switch: { before: ['compared'], state: 'switched' },
};

export class Backfills {
  /** Something about one of them is other than it was. */
  readonly changed = new Signal();
  readonly #setup: BackfillsSetup;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  constructor(setup: BackfillsSetup) {
    this.#setup = setup;
  }

  start(): void {
    this.#timer = setInterval(() => this.look(), LOOK_MS).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  /** In the transaction that changes a view: its first generation answers at once, a later one is computed first. Answers what is said of it. */
  async begin(
    tx: Tx,
    { metadata: { name: view }, generation, spec }: ViewResource,
    previous: ViewResource | undefined,
  ): Promise<Declared<FeatureViewSpec>> {
    const declared = { name: view, generation, deleted: false, spec };
    if (previous === undefined) return declared;
    const open = await findBackfill(tx, view);
    const isOpen = open?.generation === previous.generation && open.state !== 'switched';
    const { from, fromSpec } = isOpen ? open : { from: previous.generation, fromSpec: previous.spec };
    await insertBackfill(tx, { view, generation, spec, from, fromSpec });
    return withLive(declared, await findBackfill(tx, view));
  }

  /** Looks whether one is there, in the background. */
  look(): void {
    if (this.#setup.views.definitions.candidates().length === 0) return;
    this.#looking ??= runWith({ service: this.#setup.name }, () => this.#lookAtAll()).finally(() => (this.#looking = undefined));
  }

  async #lookAtAll(): Promise<void> {
    for (const plan of this.#setup.views.definitions.candidates()) {
      try {
        await this.#advance(plan);
      } catch (error) {
        this.#setup.log[failureLevel(error)]('A changed view could not be put in the place of the one before; it is tried again.', {
          'labels.view': plan.stateKey,
          error,
        });
      }
    }
  }

  async #advance(plan: ViewPlan): Promise<void> {
    const { sql, events, name, views } = this.#setup;
    const backfill = await findBackfill(sql, plan.name);
    const before = views.definitions.views().get(plan.name);
    if (backfill?.generation !== plan.generation || backfill.state !== 'running' || before === undefined) return;
    if (!(await distanceOf(sql, events, name, plan)).isMet) return;
    const report = await compareGenerations(sql, before, plan);
    const state = backfill.spec.switch === 'manual' ? 'compared' : 'switched';
    await this.#step(backfill, { before: ['running'], state, report });
  }

  /** What somebody wants. Answers false when that cannot be done any more. */
  async control(view: string, generation: number, action: Action): Promise<boolean> {
    const backfill = await findBackfill(this.#setup.sql, view);
    if (backfill?.generation !== generation) return false;
    return this.#step(backfill, ACTIONS[action]);
  }

  /** As a command: what cannot be done any more was overtaken by something else, and is no fault. */
  async accept({ data: { view, generation, action } }: CommandOf<typeof ControlBackfill>): Promise<Outcome> {
    await this.control(view, generation, action);
    return done();
  }

  async #step(
    { view, generation }: Backfill,
    step: { readonly before: readonly State[]; readonly state: State; readonly report?: Report },
  ): Promise<boolean> {
    const { transactions, views } = this.#setup;
    const taken = await transactions.run(async (tx) => {
      const row = await stepBackfill(tx, { view, generation, ...step });
      if (row !== undefined) say(tx, row);
      return row;
    });
    if (taken === undefined) return false;
    metrics['backfill.steps'](1, { kind: taken.state });
    views.declareView(declaredOf(taken));
    this.changed.changed();
    return true;
  }
}

const declaredOf = (row: Backfill): Declared<FeatureViewSpec> =>
  withLive({ name: row.view, generation: row.generation, deleted: false, spec: row.spec }, row);

function say(tx: Tx, row: Backfill): void {
  const { view, generation, from, state, report } = row;
  tx.publish(featureDefinitions, [{ type: 'feature-view.changed', subject: `FeatureView/${view}`, data: viewChanged(declaredOf(row)) }]);
  if (state !== 'switched' && state !== 'cancelled') return;
  tx.publish(featureBackfills, [
    {
      id: `${view}@${generation}/${row.revision}`,
      type: 'feature-backfill.finished',
      subject: view,
      data: { view, generation, from, state, report },
    },
  ]);
}
