/** A feature view, compiled: from an event to what it adds, and from a tile series to values. */
import type { EntitySpec, FeatureViewSpec } from '@roofshot/contracts/resources/feature-kinds';
import type { Fault } from '@roofshot/contracts/validate';
import { DefinitionFaults, FaultList } from './definition-faults.ts';
import { entityKeyOf, keyPartOf } from './entity-key.ts';
import { EVENT_VARIABLES, eventScope, type ViewEvent } from './event-scope.ts';
import type { Expression, Report, Scope } from './expressions.ts';
import { compileFeatures, type FeaturePlan, type Measure } from './feature-plan.ts';
import { resultOf } from './feature-results.ts';
import type { FeatureValue } from './feature-value.ts';
import { compileLateness, type LatenessPlan } from './lateness.ts';
import { lowerBound } from './lower-bound.ts';
import type { Addend } from './measures.ts';
import { suggestNames } from './nearest.ts';
import type { SeriesLayout, TileEvent, TileSeries } from './tiles.ts';
import { compileWindows, runOf, type WindowPlan } from './window-plan.ts';
import { durationMs } from './windows.ts';

/** What an event adds to which entity. */
export interface Contribution extends TileEvent {
  readonly entity: string;
}

/**
 * How far behind its horizon a series is kept beyond the longest window: questions may be asked about a moment that long
 * before the newest event. Older questions are answered from the log (snapshots), not from the series.
 */
export const SLACK_MS = 3_600_000;

export interface ViewPlan {
  readonly name: string;
  readonly generation: number;
  /** `<name>@<generation>`: a changed view has state of its own and begins anew. */
  readonly stateKey: string;
  readonly eventType: string;
  readonly entityName: string;
  readonly entityKeys: readonly string[];
  /** Where the event says them: in the order of `entityKeys`. */
  readonly keys: readonly Expression[];
  readonly filter: Expression | undefined;
  readonly tileMs: number;
  readonly windows: readonly WindowPlan[];
  readonly features: readonly FeaturePlan[];
  readonly measures: readonly Measure[];
  /** What the view's series are made of. */
  readonly layout: SeriesLayout;
  /** `<feature>_<window>`, features in order, each with all windows in order. */
  readonly names: readonly string[];
  /** Longest window plus slack, in tiles. */
  readonly keptTiles: number;
  /** What older tiles hold is kept in one: some window has no beginning. */
  readonly gathers: boolean;
  /** How far before floor(t, tile) an event can lie that a value at t depends on, in milliseconds; Infinity for a lifetime. */
  readonly reachMs: number;
  /** Undefined: no event is late. */
  readonly lateness: LatenessPlan | undefined;
  /** Milliseconds after its last event for which an entity is spoken of; Infinity where none is declared. */
  readonly ttlMs: number;
  /**
   * What the event adds; undefined when the filter is not true, or a part of the key or a time is missing, or an expression met a value of
   * the wrong type: then `report` hears of it, and the event counts for nothing in this view.
   */
  readonly contributionOf: (event: ViewEvent, report?: Report) => Contribution | undefined;
}

export interface ViewSource {
  readonly name: string;
  readonly generation: number;
  readonly spec: FeatureViewSpec;
}

/** Compiles a view over its entity. Throws DefinitionFaults with every fault. */
export function compileView(source: ViewSource, entity: EntitySpec): ViewPlan {
  const { name, generation, spec } = source;
  const faults = new FaultList();
  const tileMs = durationMs(spec.tile);
  const windows = compileWindows(spec, faults);
  const { features, measures } = compileFeatures(spec, faults);
  const keys = compileKeys(spec, entity, faults);
  const filter =
    spec.source.filter === undefined ? undefined : faults.compile('/source/filter', spec.source.filter, EVENT_VARIABLES, 'boolean');
  faults.throwIfAny(`FeatureView "${name}"`);
  const hasSpans = spec.ttl !== undefined || windows.some(({ shape }) => shape.kind === 'session');
  return {
    name,
    generation,
    stateKey: `${name}@${generation}`,
    eventType: spec.source.eventType,
    entityName: spec.entity,
    entityKeys: entity.keys,
    keys,
    filter,
    tileMs,
    windows,
    features,
    measures,
    layout: { layouts: measures.map(({ layout }) => layout), hasSpans },
    names: features.flatMap((feature) => windows.map((window) => `${feature.name}_${window.name}`)),
    keptTiles: Math.max(...windows.map(({ reach }) => (reach === Infinity ? 0 : reach))) + Math.ceil(SLACK_MS / tileMs),
    gathers: windows.some(({ reach }) => reach === Infinity),
    reachMs: Math.max(...windows.map(({ reach }) => reach * tileMs), spec.ttl === undefined ? 0 : durationMs(spec.ttl)),
    lateness: compileLateness(spec),
    ttlMs: spec.ttl === undefined ? Infinity : durationMs(spec.ttl),
    contributionOf: contribution({ keys, filter, measures, tileMs }),
  };
}

/** Every fault of a view, as JSON pointers into its spec; for checks before it is applied. */
export function checkView(source: ViewSource, entities: ReadonlyMap<string, EntitySpec>): Fault[] {
  const entity = entities.get(source.spec.entity);
  const unknown = {
    path: '/entity',
    message: `there is no Entity "${source.spec.entity}"${suggestNames(source.spec.entity, entities.keys())}`,
  };
  const assumed = entity ?? { keys: Object.keys(source.spec.source.keys ?? {}) };
  try {
    compileView(source, assumed);
    return entity === undefined ? [unknown] : [];
  } catch (error) {
    if (!(error instanceof DefinitionFaults)) throw error;
    return entity === undefined ? [unknown, ...error.faults] : [...error.faults];
  }
}

function compileKeys(spec: FeatureViewSpec, entity: EntitySpec, faults: FaultList): Expression[] {
  const { keys = {} } = spec.source;
  for (const name of Object.keys(keys)) {
    if (!entity.keys.includes(name))
      faults.add(`/source/keys/${name}`, `Entity "${spec.entity}" has no key "${name}"${suggestNames(name, entity.keys)}`);
  }
  return entity.keys.flatMap((name) => {
    const text = keys[name];
    if (text === undefined)
      faults.add('/source/keys', `the key "${name}" of Entity "${spec.entity}" is missing: say which value of the event it is`);
    return text === undefined ? [] : (faults.compile(`/source/keys/${name}`, text, EVENT_VARIABLES, 'any') ?? []);
  });
}

interface CompiledSource {
  readonly keys: readonly Expression[];
  readonly filter: Expression | undefined;
  readonly measures: readonly Measure[];
  readonly tileMs: number;
}

function contribution({ keys, filter, measures, tileMs }: CompiledSource): ViewPlan['contributionOf'] {
  return (event, report = ignore) => {
    let isBroken = false;
    const note: Report = (message) => {
      isBroken = true;
      report(message);
    };
    const { id, time: eventTime, knownTime } = event;
    if (!Number.isFinite(eventTime) || !Number.isFinite(knownTime)) {
      report('its time cannot be read');
      return undefined;
    }
    const scope = eventScope(event);
    if (filter !== undefined && filter.evaluate(scope, note) !== true) return undefined;
    const entity = keyOf(keys, scope, note);
    if (entity === undefined) return undefined;
    const tile = Math.floor(eventTime / tileMs);
    const place = { eventTime, tileEnd: (tile + 1) * tileMs };
    const addends = measures.map(({ addendOf }): Addend => (addendOf === undefined ? null : addendOf(scope, note, place)));
    return isBroken ? undefined : { entity, tile, eventTime, knownTime, id, addends };
  };
}

const ignore: Report = () => undefined;

function keyOf(keys: readonly Expression[], scope: Scope, report: Report): string | undefined {
  const parts: string[] = [];
  for (const key of keys) {
    const part = keyPartOf(key.evaluate(scope, report));
    if (part === undefined) return undefined;
    parts.push(part);
  }
  return entityKeyOf(parts);
}

/** The tile of a view that holds `time`. */
export function tileAt(plan: ViewPlan, time: number): number {
  return Math.floor(time / plan.tileMs);
}

/** The first tile that a series keeps. Earlier events count for snapshots, which read the log, but not here. */
export function firstKeptTile(plan: ViewPlan, series: TileSeries): number {
  return tileAt(plan, series.horizon) - plan.keptTiles;
}

/**
 * The values of all features at `time`, in the order of `plan.names`. Undefined where it is not known: the window reaches behind what the
 * series keeps (see `firstKeptTile`), or the entity's last event lies further back from floor(t, tile) than the view's time-to-live. Within a
 * tile all moments have the same values.
 */
export function windowValues(plan: ViewPlan, series: TileSeries, time: number): (FeatureValue | undefined)[] {
  const end = tileAt(plan, time);
  if (end * plan.tileMs - lastEventBefore(series, end) > plan.ttlMs) return plan.names.map(() => undefined);
  const question = { series, tileMs: plan.tileMs, end, kept: firstKeptTile(plan, series) };
  const runs = plan.windows.map((window) => runOf(window, question));
  return plan.features.flatMap((feature) => runs.map((run) => run && resultOf(feature, series, run, plan.tileMs)));
}

/** Event time, where the view keeps it; else what no time-to-live is exceeded by. */
function lastEventBefore({ spans, tiles, before }: TileSeries, tile: number): number {
  if (spans === null) return Infinity;
  const count = lowerBound(tiles, tile);
  return count === 0 ? before : (spans.last[count - 1] as number);
}
