/** The features of a view, compiled: the measures that are kept, and how each value comes from them. */
import type { FeatureSpec, FeatureViewSpec } from '@roofshot/contracts/resources/feature-kinds';
import type { FaultList } from './definition-faults.ts';
import { keyPartOf } from './entity-key.ts';
import { EVENT_VARIABLES } from './event-scope.ts';
import type { Expression, Report, Scope, StaticType } from './expressions.ts';
import { dtypeOf, type ResultPlan } from './feature-results.ts';
import type { Dtype } from './feature-value.ts';
import {
  measureRule,
  type Addend,
  type AddendPlace,
  type Aggregation,
  type Layout,
  type MeasureOptions,
  type ToAddend,
} from './measures.ts';
import { durationMs } from './windows.ts';

export interface FeaturePlan extends ResultPlan {
  readonly name: string;
  readonly dtype: Dtype;
  /** Of what it is computed; undefined for a count. */
  readonly value: Expression | undefined;
}

export interface Measure {
  /** Null: the events alone tell it. */
  readonly layout: Layout | null;
  /** Undefined: nothing is asked of the event. */
  readonly addendOf: ((scope: Scope, report: Report, place: AddendPlace) => Addend) | undefined;
}

export interface CompiledFeatures {
  readonly features: readonly FeaturePlan[];
  readonly measures: readonly Measure[];
}

/** A list is asked for with a number of values; a name with its window stays an identifier. */
const DEFAULTS = { k: 1, quantile: 0.5, halfLifeMs: 1 };
const LONGEST_NAME = 63;

export function compileFeatures(spec: FeatureViewSpec, faults: FaultList): CompiledFeatures {
  const features: FeaturePlan[] = [];
  const measures: Measure[] = [];
  spec.features.forEach((feature, i) => {
    const path = `/features/${i}`;
    checkFields(feature, path, spec, faults);
    for (const made of compileFeature(feature, path, faults)) {
      if (features.some(({ name }) => name === made.name)) faults.add(`${path}/name`, `"${made.name}" is listed twice`);
      features.push(planOf(feature, made, measures.length));
      measures.push(...made.measures);
    }
  });
  return { features, measures };
}

function planOf(feature: FeatureSpec, { name, value }: MadeFeature, measure: number): FeaturePlan {
  const { aggregation, type = 'number', quantile = DEFAULTS.quantile } = feature;
  return { name, aggregation, measure, quantile, halfLifeMs: halfLifeOf(feature), dtype: dtypeOf(aggregation, type), value };
}

function halfLifeOf({ halfLife }: FeatureSpec): number {
  return halfLife === undefined ? DEFAULTS.halfLifeMs : durationMs(halfLife);
}

interface MadeFeature {
  readonly name: string;
  readonly value: Expression | undefined;
  readonly measures: readonly Measure[];
}

/** One feature, or one for each category. */
function compileFeature(feature: FeatureSpec, path: string, faults: FaultList): MadeFeature[] {
  const expressions = compileExpressions(feature, path, faults);
  const values = valuesOf(feature, expressions);
  const [value] = expressions;
  const where = feature.where === undefined ? undefined : faults.compile(`${path}/where`, feature.where, EVENT_VARIABLES, 'boolean');
  const by = feature.by === undefined ? undefined : faults.compile(`${path}/by`, feature.by, EVENT_VARIABLES, 'any');
  const make = (category?: string): Measure[] => values.map((value) => measureOf(feature, value, { where, by, category }));
  const { name, categories } = feature;
  if (categories === undefined) return [{ name, value, measures: make() }];
  return categories.map((category) => ({ name: `${name}_${category.toLowerCase()}`, value, measures: make(category) }));
}

interface Condition {
  readonly where: Expression | undefined;
  readonly by: Expression | undefined;
  readonly category: string | undefined;
}

function measureOf(feature: FeatureSpec, value: Value, condition: Condition): Measure {
  const { layout, toAddend } = measureRule(feature.aggregation, optionsOf(feature));
  const { where, by, category } = condition;
  if (feature.aggregation === 'count' && where === undefined && category === undefined) return { layout: null, addendOf: undefined };
  const holds = (scope: Scope, report: Report): boolean =>
    (where === undefined || where.evaluate(scope, report) === true) &&
    (category === undefined || keyPartOf(by?.evaluate(scope, report)) === category);
  return { layout, addendOf: (scope, report, place) => (holds(scope, report) ? value(scope, report, { place, toAddend }) : null) };
}

interface Conversion {
  readonly place: AddendPlace;
  readonly toAddend: ToAddend;
}

/** What an event gives for a measure, once it counts for it. */
type Value = (scope: Scope, report: Report, conversion: Conversion) => Addend;

function optionsOf(feature: FeatureSpec): MeasureOptions {
  return { type: feature.type ?? 'number', k: feature.k ?? DEFAULTS.k, halfLifeMs: halfLifeOf(feature) };
}

const valueOf =
  (expression: Expression | undefined): Value =>
  (scope, report, { place, toAddend }) =>
    toAddend(expression === undefined ? 1 : expression.evaluate(scope, report), report, place);

type Expressions = readonly [value: Expression | undefined, per: Expression | undefined];

function compileExpressions(feature: FeatureSpec, path: string, faults: FaultList): Expressions {
  const { aggregation, value, per } = feature;
  const compile = (field: string, text: string | undefined): Expression | undefined =>
    text === undefined || aggregation === 'count'
      ? undefined
      : faults.compile(`${path}/${field}`, text, EVENT_VARIABLES, wantedType(feature));
  return [compile('value', value), aggregation === 'ratio' ? compile('per', per) : undefined];
}

/** One for each measure. Both parts of a ratio are left out where one is null. */
function valuesOf({ aggregation }: FeatureSpec, [first, second]: Expressions): Value[] {
  if (aggregation !== 'ratio') return [valueOf(first)];
  return [paired(valueOf(first), valueOf(second)), paired(valueOf(second), valueOf(first))];
}

function paired(value: Value, other: Value): Value {
  return (scope, report, conversion) => (other(scope, report, conversion) === null ? null : value(scope, report, conversion));
}

/** Of what type its value is. */
export function wantedType({ aggregation, type = 'number' }: FeatureSpec): StaticType {
  if (aggregation === 'share') return 'boolean';
  if (aggregation === 'distinct') return 'any';
  return TYPED.includes(aggregation) ? type : 'number';
}

const LISTS: readonly Aggregation[] = ['firstK', 'lastK', 'topK'];
const TYPED: readonly Aggregation[] = ['first', 'last', ...LISTS];

/** Which aggregations a field belongs to, and whether they need it. */
const FIELDS: Readonly<Record<string, { readonly of: readonly Aggregation[]; readonly needed: boolean; readonly what: string }>> = {
  per: { of: ['ratio'], needed: true, what: 'what it divides by' },
  k: { of: LISTS, needed: true, what: 'how many values it keeps' },
  quantile: { of: ['percentile'], needed: true, what: 'between 0 and 1' },
  halfLife: { of: ['decayedSum'], needed: true, what: 'a duration such as 1h' },
  type: { of: TYPED, needed: false, what: '' },
};

function checkFields(feature: FeatureSpec, path: string, spec: FeatureViewSpec, faults: FaultList): void {
  const { aggregation, value, by, categories } = feature;
  if (aggregation === 'count' && value !== undefined)
    faults.add(`${path}/value`, 'a count counts events and takes no value: use a share for a condition, or `where`');
  if (aggregation !== 'count' && value === undefined)
    faults.add(path, `a ${aggregation} needs a value: an expression over data, subject and time`);
  for (const [field, { of, needed, what }] of Object.entries(FIELDS)) {
    const isGiven = feature[field as keyof FeatureSpec] !== undefined;
    if (isGiven && !of.includes(aggregation))
      faults.add(`${path}/${field}`, `a ${aggregation} takes no ${field}: it is for ${of.join(', ')}`);
    if (!isGiven && needed && of.includes(aggregation)) faults.add(path, `a ${aggregation} needs ${field}: ${what}`);
  }
  if (aggregation === 'topK' && feature.type === 'boolean')
    faults.add(`${path}/type`, 'of truth values there is no greatest: count them by a share');
  if ((by === undefined) !== (categories === undefined)) faults.add(path, '`by` and `categories` belong together: give both, or none');
  if (aggregation === 'decayedSum' && spec.windows.includes('lifetime'))
    faults.add(
      path,
      'a decayedSum has no lifetime: take a window of 20 half-lives, beyond which less than a millionth is left, and another view for the lifetime',
    );
  checkNames(feature, path, spec, faults);
}

function checkNames({ name, categories = [] }: FeatureSpec, path: string, { windows }: FeatureViewSpec, faults: FaultList): void {
  const lower = categories.map((category) => category.toLowerCase());
  lower.forEach((category, i) => {
    if (lower.indexOf(category) !== i)
      faults.add(`${path}/categories/${i}`, `"${categories[i] ?? ''}" is listed twice (names are lower-case)`);
  });
  const longest = Math.max(...windows.map(({ length }) => length), 0) + Math.max(...lower.map(({ length }) => length + 1), 0);
  if (name.length + 1 + longest > LONGEST_NAME)
    faults.add(
      `${path}/name`,
      `"${name}" with its category and its window is longer than ${LONGEST_NAME} characters: choose a shorter name`,
    );
}
