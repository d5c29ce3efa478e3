import type { Static } from 'typebox';
import type { BackfillAnswer, BackfillOrder } from '@roofshot/contracts/http/backfills';
import { compileView } from '@roofshot/feature-defs/view-plan';
import { suggestNames } from '@roofshot/feature-defs/nearest';
import type { EventBus } from '@roofshot/messaging/events';
import { DomainError } from '@roofshot/runtime/errors';
import type { WaitOptions } from '@roofshot/runtime/signal';
import type { Sql } from '@roofshot/storage/sql';
import type { ActiveViews } from '../active-views.ts';
import { findBackfill, readBackfills, type Backfill } from './backfill-store.ts';
import { distanceOf } from './caught-up.ts';
import type { Backfills } from './backfills.ts';

type Answer = Static<typeof BackfillAnswer>;

interface AnswerSetup {
  /** The service's name, which is its consumer group. */
  readonly name: string;
  readonly sql: Sql;
  readonly events: Pick<EventBus, 'bounds'>;
  readonly views: ActiveViews;
  readonly backfills: Backfills;
}

export async function answerBackfills(setup: AnswerSetup): Promise<Answer[]> {
  return Promise.all([...(await readBackfills(setup.sql)).values()].map((backfill) => describe(setup, backfill)));
}

/** Held until the back-fill is no longer running. Throws `not-found`. */
export async function waitForBackfill(setup: AnswerSetup, view: string, wait: WaitOptions): Promise<Answer> {
  await setup.backfills.changed.waitUntil(async () => (await get(setup, view)).state !== 'running', wait);
  return describe(setup, await get(setup, view));
}

/** Throws `not-found`; `conflict` when it is in a state, or of a generation, of which that cannot be done. */
export async function orderBackfill(
  setup: AnswerSetup,
  view: string,
  { action, generation }: Static<typeof BackfillOrder>,
): Promise<Answer> {
  const found = await get(setup, view);
  const isTaken = await setup.backfills.control(view, generation ?? found.generation, action);
  const now = await get(setup, view);
  if (isTaken) return describe(setup, now);
  const meant = generation === undefined || generation === now.generation ? '' : `, and it was meant for generation ${generation}`;
  throw new DomainError(
    'conflict',
    `The back-fill of "${view}" cannot ${action}: generation ${now.generation} is ${now.state}${meant}. ${REMEDIES[action]}`,
  );
}

const REMEDIES: Readonly<Record<Static<typeof BackfillOrder>['action'], string>> = {
  pause: 'Only one that is under way can be paused.',
  resume: 'Only one that was paused or cancelled can be resumed.',
  cancel: 'To undo a switch, apply the definition of before.',
  switch:
    'It can be switched to when it has been compared, and only where the view says `switch: manual`: wait for that with GET and `wait`.',
};

async function get({ sql, views }: AnswerSetup, view: string): Promise<Backfill> {
  const backfill = await findBackfill(sql, view);
  if (backfill !== undefined) return backfill;
  const names = [...views.definitions.views().keys()];
  const why = names.includes(view)
    ? 'it answers as it was first declared'
    : `there is no FeatureView of that name${suggestNames(view, names)}`;
  throw new DomainError('not-found', `There is no back-fill of "${view}": ${why}.`);
}

async function describe({ sql, events, name, views }: AnswerSetup, backfill: Backfill): Promise<Answer> {
  const { view, generation, spec, from, state, report, startedAt, finishedAt } = backfill;
  const entity = views.definitions.entities().get(spec.entity) ?? { keys: Object.keys(spec.source.keys ?? {}) };
  const { position, end } = await distanceOf(sql, events, name, compileView({ name: view, generation, spec }, entity));
  return {
    view,
    generation,
    from,
    state,
    position,
    end,
    startedAt: startedAt.toISOString(),
    finishedAt: finishedAt?.toISOString() ?? null,
    report,
  };
}
