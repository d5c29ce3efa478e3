import type { CloudEvent } from '@roofshot/contracts/envelope';
import { topicOf } from '@roofshot/contracts/events';
import { EntitySpec, FeatureViewSpec } from '@roofshot/contracts/resources/feature-kinds';
import type { Fault } from '@roofshot/contracts/validate';
import { validatorOf } from '@roofshot/contracts/validate';
import type { Definitions } from '@roofshot/feature-defs/definitions';
import type { FeatureValue } from '@roofshot/feature-defs/feature-value';
import { checkView, compileView, windowValues, type ViewPlan } from '@roofshot/feature-defs/view-plan';
import type { EventBus } from '@roofshot/messaging/events';
import type { IsErased } from '@roofshot/storage/erased-subjects';
import { unlessErased } from './erasures/unless-erased.ts';
import { refuseRequest } from './errors.ts';
import { foldView, toLogEvent, type ParkedEvent } from './fold-events.ts';
import { previewWarnings } from './preview-warnings.ts';
import { readLastEvents } from './read-log.ts';

export interface PreviewRequest {
  readonly view: { readonly metadata: { readonly name: string }; readonly spec: unknown };
  /** Entities that are not applied yet either. */
  readonly entities?: readonly { readonly metadata: { readonly name: string }; readonly spec: unknown }[] | undefined;
  readonly events: number;
}

export interface Preview {
  /** How many events were found. */
  readonly events: number;
  /** The values are those of one tile after the last event, so that every event counts. */
  readonly asOf: string | null;
  /** A row per entity: the parts of its key, then its values. */
  readonly rows: Record<string, FeatureValue>[];
  /** What had the wrong type, with how often; what no event has; a key or a feature that no event gives. */
  readonly warnings: string[];
}

export interface PreviewSource {
  readonly events: EventBus;
  readonly isErased: IsErased;
}

/** Values of a view on the last events of the log, computed by the same code as live features, without applying anything. */
export async function previewView(
  request: PreviewRequest,
  definitions: Definitions,
  { events, isErased }: PreviewSource,
): Promise<Preview> {
  const plan = unlessErased(planOf(request, definitions), isErased);
  const isWanted = ({ subject, knowntime }: CloudEvent): boolean =>
    subject === undefined || !isErased(subject, plan.eventType, Date.parse(knowntime));
  const last = (await readLastEvents(events, topicOf(plan.eventType), request.events, isWanted)).map(toLogEvent);
  const { deltas, parked } = foldView({ ...plan, lateness: undefined }, last, { partition: 0 });
  const end = Math.max(...deltas.map(({ delta }) => Math.max(...delta.tiles)));
  const asOf = deltas.length === 0 ? null : (end + 1) * plan.tileMs;
  return {
    events: last.length,
    asOf: asOf === null ? null : new Date(asOf).toISOString(),
    rows: deltas.map(({ entity, delta }) => ({ ...keyColumns(plan, entity), ...valueColumns(plan, windowValues(plan, delta, asOf ?? 0)) })),
    warnings: [...previewWarnings(plan, last), ...parkedWarnings(parked)],
  };
}

function parkedWarnings(parked: readonly ParkedEvent[]): string[] {
  const byReason = Map.groupBy(parked, ({ reason }) => reason);
  return [...byReason].map(
    ([reason, all]) => `${all.length} event${all.length === 1 ? '' : 's'} would be parked, and count for nothing: ${reason}`,
  );
}

function planOf({ view, entities = [] }: PreviewRequest, definitions: Definitions): ViewPlan {
  const known = new Map(definitions.entities());
  const faults: Fault[] = entities.flatMap(({ spec }, i) => faultsOf(EntitySpec, spec, `/entities/${i}/spec`));
  for (const { metadata, spec } of entities) if (validatorOf(EntitySpec).check(spec)) known.set(metadata.name, spec);
  const { spec } = view;
  const isView = validatorOf(FeatureViewSpec).check(spec);
  faults.push(
    ...(isView ? checkView({ name: view.metadata.name, generation: 1, spec }, known) : faultsOf(FeatureViewSpec, spec, '')).map(
      ({ path, message }) => ({ path: `/view/spec${path}`, message }),
    ),
  );
  if (faults.length > 0 || !isView) throw refuseRequest(`FeatureView "${view.metadata.name}"`, faults);
  return compileView({ name: view.metadata.name, generation: 1, spec }, known.get(spec.entity) ?? { keys: [] });
}

function faultsOf(schema: typeof EntitySpec | typeof FeatureViewSpec, value: unknown, at: string): Fault[] {
  return validatorOf(schema)
    .faults(value)
    .map(({ path, message }) => ({ path: at + path, message }));
}

function keyColumns({ entityKeys }: ViewPlan, entity: string): Record<string, string> {
  const parts = JSON.parse(entity) as string[];
  return Object.fromEntries(entityKeys.map((key, i) => [key, parts[i] ?? '']));
}

function valueColumns({ names }: ViewPlan, values: readonly (FeatureValue | undefined)[]): Record<string, FeatureValue> {
  return Object.fromEntries(names.map((name, i) => [name, values[i] ?? null]));
}
