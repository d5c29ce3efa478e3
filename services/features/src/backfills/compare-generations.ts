/** How far the values of a changed view are from those of the one that answers. */
import type { FeatureDifference } from '@roofshot/contracts/features';
import type { FeatureValue } from '@roofshot/feature-defs/feature-value';
import { windowValues, type ViewPlan } from '@roofshot/feature-defs/view-plan';
import { judgeDrift } from '@roofshot/statistics/drift';
import { profileCategories } from '@roofshot/statistics/drift/category-profile';
import { layBins } from '@roofshot/statistics/drift/bins';
import { profileValues } from '@roofshot/statistics/drift/numeric-profile';
import { StatisticsError } from '@roofshot/statistics/errors';
import type { Queryable } from '@roofshot/storage/sql';
import type { Static } from 'typebox';
import { mergeShards, readSeries } from '../series-store.ts';
import type { Report } from './backfill-store.ts';

type Difference = Static<typeof FeatureDifference>;

/** Entities whose values are compared; chosen by a hash, so that the choice does not depend on the values. */
const SAMPLE = 1_000;

/** Both plans on the same entities, each asked for the end of the tile of its newest event, when all its windows speak. */
export async function compareGenerations(db: Queryable, before: ViewPlan, after: ViewPlan): Promise<Report> {
  const entities = await sampleEntities(db, [before.stateKey, after.stateKey]);
  const [old, renewed] = [await valuesOf(db, before, after, entities), await valuesOf(db, after, before, entities)];
  const common = after.names.filter((name) => before.names.includes(name));
  return {
    rowsBefore: await countEntities(db, before.stateKey),
    rowsAfter: await countEntities(db, after.stateKey),
    sample: entities.length,
    added: after.names.filter((name) => !before.names.includes(name)),
    removed: before.names.filter((name) => !after.names.includes(name)),
    features: common.map((feature) => differenceOf(feature, column(old, before, feature), column(renewed, after, feature))),
  };
}

async function sampleEntities(db: Queryable, views: readonly string[]): Promise<string[]> {
  const rows = await db.query<{ entity: string }>(
    `SELECT entity FROM (SELECT DISTINCT entity FROM features.series WHERE view = ANY($1::text[])) e ORDER BY md5(entity), entity LIMIT $2`,
    [views, SAMPLE],
  );
  return rows.map(({ entity }) => entity);
}

async function countEntities(db: Queryable, view: string): Promise<number> {
  const [row] = await db.query<{ count: number }>('SELECT count(DISTINCT entity)::bigint AS count FROM features.series WHERE view = $1', [
    view,
  ]);
  return row?.count ?? 0;
}

type Values = ReadonlyMap<string, readonly (FeatureValue | undefined)[]>;

/** The values of one plan; moments are those of whichever plan has the newer event. */
async function valuesOf(db: Queryable, plan: ViewPlan, other: ViewPlan, entities: readonly string[]): Promise<Values> {
  const own = mergeShards(await readSeries(db, plan.stateKey, entities));
  const others = new Map(mergeShards(await readSeries(db, other.stateKey, entities)).map(({ entity, series }) => [entity, series.horizon]));
  const width = Math.max(plan.tileMs, other.tileMs);
  return new Map(
    own.map(({ entity, series }) => {
      const newest = Math.max(series.horizon, others.get(entity) ?? -Infinity);
      return [entity, windowValues(plan, series, (Math.floor(newest / width) + 1) * width)];
    }),
  );
}

type Column = ReadonlyMap<string, FeatureValue>;

function column(values: Values, plan: ViewPlan, feature: string): Column {
  const place = plan.names.indexOf(feature);
  return new Map([...values].map(([entity, row]) => [entity, row[place] ?? null]));
}

function differenceOf(feature: string, before: Column, after: Column): Difference {
  const pairs = [...new Set([...before.keys(), ...after.keys()])].map(
    (entity) => [before.get(entity) ?? null, after.get(entity) ?? null] as const,
  );
  const changed = pairs.filter(([a, b]) => JSON.stringify(a) !== JSON.stringify(b));
  const gaps = changed.flatMap(([a, b]) => (typeof a === 'number' && typeof b === 'number' ? Math.abs(a - b) : []));
  return {
    feature,
    compared: pairs.length,
    changed: changed.length,
    changedShare: pairs.length === 0 ? null : changed.length / pairs.length,
    greatest: gaps.length === 0 ? null : Math.max(...gaps),
    ...shiftOf([...before.values()], [...after.values()]),
  };
}

function shiftOf(before: readonly FeatureValue[], after: readonly FeatureValue[]): Pick<Difference, 'shift' | 'shiftReason'> {
  try {
    const verdict = isNumeric([...before, ...after]) ? numericShift(before, after) : categoricalShift(before, after);
    return { shift: verdict.verdict, shiftReason: verdict.sentence };
  } catch (error) {
    if (!(error instanceof StatisticsError)) throw error;
    return { shift: null, shiftReason: error.message };
  }
}

const isNumeric = (values: readonly FeatureValue[]): boolean => values.every((value) => value === null || typeof value === 'number');

function numericShift(before: readonly FeatureValue[], after: readonly FeatureValue[]): ReturnType<typeof judgeDrift> {
  const edges = layBins(before as (number | null)[]);
  return judgeDrift(profileValues(edges, before as (number | null)[]), profileValues(edges, after as (number | null)[]));
}

function categoricalShift(before: readonly FeatureValue[], after: readonly FeatureValue[]): ReturnType<typeof judgeDrift> {
  const texts = (values: readonly FeatureValue[]): (string | null)[] =>
    values.map((value) => (value === null ? null : JSON.stringify(value)));
  return judgeDrift(profileCategories(texts(before)), profileCategories(texts(after)));
}
