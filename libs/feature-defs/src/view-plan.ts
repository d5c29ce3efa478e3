/** A feature view, compiled: from an event to what it adds, and from a tile series to values. */
import type { EntitySpec, FeatureViewSpec } from '@roofshot/contracts/resources/feature-kinds';
import type { Fault } from '@roofshot/contracts/validate';
import { resultOf, toAddend, type Aggregation } from './aggregations.ts';
import { DefinitionFaults, FaultList } from './definition-faults.ts';
import { entityKeyOf, keyPartOf } from './entity-key.ts';
import type { Expression, Report, Scope, Variables } from './expressions.ts';
import { suggestNames } from './nearest.ts';
import { totalsOf, type TileEvent, type TileSeries } from './tiles.ts';
import { durationMs, floorToTile } from './windows.ts';

/** What expressions over an event may read: `data` (anything), `subject` (a text, or null), `time` (epoch milliseconds). */
export const EVENT_VARIABLES: Variables = { data: 'any', subject: 'string', time: 'number' };

/** An event as the plans need it. */
export interface ViewEvent {
  readonly data: unknown;
  readonly subject?: string | undefined;
  /** Event time, epoch milliseconds. */
  readonly time: number;
  /** Known time, epoch milliseconds. */
  readonly knownTime: number;
}

/** Variables of one event for `EVENT_VARIABLES`. */
export function eventScope(event: ViewEvent): Scope {
  return { data: event.data, subject: event.subject ?? null, time: event.time };
}

export interface WindowPlan {
  readonly name: string;
  readonly ms: number;
  /** Width in tiles. */
  readonly tiles: number;
}

export interface FeaturePlan {
  readonly name: string;
  readonly aggregation: Aggregation;
  readonly value: Expression | undefined;
}

/** What an event adds to which entity. */
export interface Contribution extends TileEvent {
  readonly entity: string;
}

/**
 * How far behind its horizon a series is kept beyond the longest window: questions may be asked about a moment that long
 * before the newest event. Older questions are answered from the log (snapshots), not from the series.
 */
export const SLACK_MS = 3_600_000;

/** A series is read and written as a whole: beyond so many tiles a wider tile serves better. */
export const MOST_TILES = 10_000;

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
  readonly aggregations: readonly Aggregation[];
  /** `<feature>_<window>`, features in order, each with all windows in order. */
  readonly names: readonly string[];
  /** Longest window plus slack, in tiles. */
  readonly keptTiles: number;
  /** What the event adds; undefined when the filter is not true, or a part of the key or a time is missing. `report` hears of type faults. */
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
  const windows = compileWindows(spec, tileMs, faults);
  const features = compileFeatures(spec, faults);
  const keys = compileKeys(spec, entity, faults);
  const filter =
    spec.source.filter === undefined ? undefined : faults.compile('/source/filter', spec.source.filter, EVENT_VARIABLES, 'boolean');
  faults.throwIfAny(`FeatureView "${name}"`);
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
    aggregations: features.map(({ aggregation }) => aggregation),
    names: features.flatMap((feature) => windows.map((window) => `${feature.name}_${window.name}`)),
    keptTiles: Math.max(...windows.map((window) => window.tiles)) + Math.ceil(SLACK_MS / tileMs),
    contributionOf: contribution({ keys, filter, features, tileMs }),
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

function compileWindows(spec: FeatureViewSpec, tileMs: number, faults: FaultList): WindowPlan[] {
  return spec.windows.map((name, i) => {
    const ms = durationMs(name);
    if (ms % tileMs !== 0) faults.add(`/windows/${i}`, `${name} is not a multiple of the tile ${spec.tile}`);
    else if (ms / tileMs > MOST_TILES)
      faults.add(`/windows/${i}`, `${name} has more than ${MOST_TILES} tiles of ${spec.tile}: choose a wider tile`);
    if (spec.windows.indexOf(name) !== i) faults.add(`/windows/${i}`, `${name} is listed twice`);
    return { name, ms, tiles: ms / tileMs };
  });
}

function compileFeatures(spec: FeatureViewSpec, faults: FaultList): FeaturePlan[] {
  return spec.features.map((feature, i) => {
    const path = `/features/${i}`;
    if (spec.features.findIndex(({ name }) => name === feature.name) !== i) faults.add(`${path}/name`, `"${feature.name}" is listed twice`);
    return { name: feature.name, aggregation: feature.aggregation, value: compileValue(feature, path, faults) };
  });
}

function compileValue(feature: FeatureViewSpec['features'][number], path: string, faults: FaultList): Expression | undefined {
  if (feature.aggregation === 'count') {
    if (feature.value !== undefined)
      faults.add(`${path}/value`, 'a count counts events and takes no value: use a share for a condition, or the source’s filter');
    return undefined;
  }
  if (feature.value === undefined) {
    faults.add(path, `a ${feature.aggregation} needs a value: an expression over data, subject and time`);
    return undefined;
  }
  return faults.compile(`${path}/value`, feature.value, EVENT_VARIABLES, feature.aggregation === 'share' ? 'boolean' : 'number');
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
  readonly features: readonly FeaturePlan[];
  readonly tileMs: number;
}

function contribution({ keys, filter, features, tileMs }: CompiledSource): ViewPlan['contributionOf'] {
  return (event, report = ignore) => {
    if (!Number.isFinite(event.time) || !Number.isFinite(event.knownTime)) {
      report('its time cannot be read');
      return undefined;
    }
    const scope = eventScope(event);
    if (filter !== undefined && filter.evaluate(scope, report) !== true) return undefined;
    const entity = keyOf(keys, scope, report);
    if (entity === undefined) return undefined;
    const addends = features.map(({ aggregation, value }) =>
      value === undefined ? null : toAddend(aggregation, value.evaluate(scope, report), report),
    );
    const { time: eventTime, knownTime } = event;
    return { entity, tile: floorToTile(eventTime, tileMs) / tileMs, eventTime, knownTime, addends };
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
 * The values of all features at `time`, in the order of `plan.names`: each window aggregates [floor(time) − window, floor(time)).
 * Undefined where the window reaches behind what the series keeps (see `firstKeptTile`).
 */
export function windowValues(plan: ViewPlan, series: TileSeries, time: number): (number | null | undefined)[] {
  const end = tileAt(plan, time);
  const kept = firstKeptTile(plan, series);
  const totals = plan.windows.map(({ tiles }) => (end - tiles < kept ? undefined : totalsOf(series, end - tiles, end)));
  return plan.features.flatMap(({ aggregation }, i) =>
    totals.map((total) => total && resultOf(aggregation, total.events, total.n[i] as number, total.sum[i] as number)),
  );
}
