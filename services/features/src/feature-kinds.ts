/** The rules of the kinds that this service owns. */
import { featureDefinitions } from '@roofshot/contracts/features';
import { Entity, FeatureService, FeatureView, type EntitySpec, type FeatureServiceSpec } from '@roofshot/contracts/resources/feature-kinds';
import type { Fault } from '@roofshot/contracts/validate';
import { checkService } from '@roofshot/feature-defs/service-plan';
import { checkView, compileView, type ViewPlan } from '@roofshot/feature-defs/view-plan';
import { ownedKind, type DeclaredOf, type OwnedKind, type RuleContext } from '@roofshot/runtime/resource-rules';
import type { Live } from '@roofshot/feature-defs/definitions';
import type { Sql } from '@roofshot/storage/sql';
import type { ActiveViews } from './active-views.ts';
import { deleteBackfill, findBackfill } from './backfills/backfill-store.ts';
import type { Backfills } from './backfills/backfills.ts';
import { viewChanged, withLive } from './backfills/declared-view.ts';

type DeclaredKind = typeof Entity | typeof FeatureView | typeof FeatureService;

export interface FeatureKindsSetup {
  readonly sql: Sql;
  readonly views: ActiveViews;
  readonly backfills: Backfills;
  /** Called when this process has come to know of a changed view, before the change is answered. */
  readonly adopted: () => Promise<void>;
}

export function featureKinds(setup: FeatureKindsSetup): OwnedKind[] {
  return [entityKind(setup.views), viewKind(setup), serviceKind(setup.views)];
}

function entityKind(views: ActiveViews): OwnedKind {
  return ownedKind(Entity, {
    check: checkEntity,
    mayDelete: async ({ metadata: { name } }, context) =>
      (await viewsOf(name, context)).map((view) => ({ path: '', message: `FeatureView "${view}" is about it` })),
    changed: (tx, resource) =>
      tx.publish(featureDefinitions, [{ type: 'entity.changed', subject: subjectOf(resource), data: declared(resource, false) }]),
    removed: (tx, resource) =>
      tx.publish(featureDefinitions, [{ type: 'entity.changed', subject: subjectOf(resource), data: declared(resource, true) }]),
    committed: (resource, previous) => views.declareEntity(lastOf(resource, previous)),
  });
}

function viewKind({ sql, views, backfills, adopted }: FeatureKindsSetup): OwnedKind {
  return ownedKind(FeatureView, {
    check: async (spec, context) => {
      const faults = checkView({ name: context.name, generation: 1, spec }, await entitiesOf(context));
      return faults.length > 0 ? faults : checkReaders(context);
    },
    mayDelete: async ({ metadata: { name } }, context) =>
      (await servicesOf(name, context)).map(({ metadata }) => ({ path: '', message: `FeatureService "${metadata.name}" reads it` })),
    changed: async (tx, resource, previous) => {
      const data = viewChanged(await backfills.begin(tx, resource, previous));
      tx.publish(featureDefinitions, [{ type: 'feature-view.changed', subject: subjectOf(resource), data }]);
    },
    removed: async (tx, resource) => {
      await deleteBackfill(tx, resource.metadata.name);
      tx.publish(featureDefinitions, [{ type: 'feature-view.changed', subject: subjectOf(resource), data: declared(resource, true) }]);
    },
    committed: async (resource, previous) => {
      const last = lastOf(resource, previous);
      views.declareView(withLive(last, await findBackfill(sql, last.name)));
      await adopted();
    },
  });
}

function serviceKind(views: ActiveViews): OwnedKind {
  return ownedKind(FeatureService, {
    check: async (spec, context) => checkService({ name: context.name, generation: 1, spec }, await plansOf(context)),
    changed: (tx, resource, previous) => {
      const data = { ...declared(resource, false), ...liveOf(views, previous) };
      tx.publish(featureDefinitions, [{ type: 'feature-service.changed', subject: subjectOf(resource), data }]);
    },
    removed: (tx, resource) =>
      tx.publish(featureDefinitions, [{ type: 'feature-service.changed', subject: subjectOf(resource), data: declared(resource, true) }]),
    committed: (resource, previous) => views.declareService({ ...lastOf(resource, previous), ...liveOf(views, previous) }),
  });
}

/** What a service is until the views that it needs answer: the last that they sufficed for. */
function liveOf(
  { definitions }: ActiveViews,
  previous: DeclaredOf<typeof FeatureService> | undefined,
): { live?: Live<FeatureServiceSpec> } {
  if (previous === undefined) return {};
  const { metadata, generation, spec } = previous;
  const isWhole = checkService({ name: metadata.name, generation, spec }, definitions.views()).length === 0;
  const live = isWhole ? { generation, spec } : definitions.lastService(metadata.name)?.live;
  return live === undefined ? {} : { live: { generation: live.generation, spec: live.spec } };
}

const subjectOf = ({ kind, metadata }: { kind: string; metadata: { name: string } }): string => `${kind}/${metadata.name}`;

function declared<S>(
  { metadata, generation, spec }: { metadata: { name: string }; generation: number; spec: S },
  deleted: boolean,
): { name: string; generation: number; deleted: boolean; spec: S } {
  return { name: metadata.name, generation, deleted, spec };
}

/** What is in force after a commit: the resource, or its end. */
function lastOf<R extends DeclaredKind>(
  resource: DeclaredOf<R> | undefined,
  previous: DeclaredOf<R> | undefined,
): ReturnType<typeof declared<DeclaredOf<R>['spec']>> {
  if (resource !== undefined) return declared(resource, false);
  if (previous !== undefined) return declared(previous, true);
  throw new Error('A change of a resource had neither a before nor an after.');
}

/** Keys may not change under a view: its series are kept under them. */
async function checkEntity(spec: EntitySpec, context: RuleContext): Promise<Fault[]> {
  const faults = spec.keys.flatMap((key, i) =>
    spec.keys.indexOf(key) === i ? [] : [{ path: `/keys/${i}`, message: `"${key}" is listed twice` }],
  );
  const [kept] = await context.tx.query<{ spec: EntitySpec }>(
    `SELECT spec FROM features.resources WHERE kind = 'Entity' AND name = $1 AND NOT deleted`,
    [context.name],
  );
  if (kept === undefined || JSON.stringify(kept.spec.keys) === JSON.stringify(spec.keys)) return faults;
  const views = await viewsOf(context.name, context);
  if (views.length === 0) return faults;
  const message = `the keys cannot change, because the series of ${views.map((view) => `FeatureView "${view}"`).join(', ')} are kept under [${kept.spec.keys.join(', ')}]: declare another Entity`;
  return [...faults, { path: '/keys', message }];
}

/** A view may not lose what feature services read. */
async function checkReaders(context: RuleContext): Promise<Fault[]> {
  const [plans, services] = [await plansOf(context), await servicesOf(context.name, context)];
  return services.flatMap(({ metadata: { name }, spec }) => {
    const faults = checkService({ name, generation: 1, spec }, plans).filter(({ path }) => path.startsWith('/views/'));
    return faults.map(({ path, message }) => ({
      path: '',
      message: `FeatureService "${name}" reads it, and then has a fault at ${path}: ${message}`,
    }));
  });
}

async function viewsOf(entity: string, context: RuleContext): Promise<string[]> {
  return (await context.list(FeatureView)).filter(({ spec }) => spec.entity === entity).map(({ metadata }) => metadata.name);
}

async function servicesOf(view: string, context: RuleContext): Promise<DeclaredOf<typeof FeatureService>[]> {
  return (await context.list(FeatureService)).filter(({ spec }) => spec.views?.some((entry) => entry.view === view));
}

async function entitiesOf(context: RuleContext): Promise<Map<string, EntitySpec>> {
  return new Map((await context.list(Entity)).map(({ metadata, spec }) => [metadata.name, spec]));
}

/** Views that compile; the faults of the others are told where they are. */
async function plansOf(context: RuleContext): Promise<Map<string, ViewPlan>> {
  const entities = await entitiesOf(context);
  const views = (await context.list(FeatureView)).filter(
    ({ metadata, spec }) => checkView({ name: metadata.name, generation: 1, spec }, entities).length === 0,
  );
  return new Map(
    views.map(({ metadata: { name }, generation, spec }) => [
      name,
      compileView({ name, generation, spec }, entities.get(spec.entity) ?? { keys: [] }),
    ]),
  );
}
