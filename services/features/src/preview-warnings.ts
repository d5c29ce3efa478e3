/** What a preview shows to be wrong, though nothing forbids it: what is read and is in none of the events. Pure. */
import { keyPartOf } from '@roofshot/feature-defs/entity-key';
import type { Expression, Scope } from '@roofshot/feature-defs/expressions';
import { eventScope, type ViewEvent } from '@roofshot/feature-defs/event-scope';
import type { ViewPlan } from '@roofshot/feature-defs/view-plan';

/** A sentence for each part of the view that none of the events gives a value for. */
export function previewWarnings(plan: ViewPlan, events: readonly ViewEvent[]): string[] {
  if (events.length === 0) return [`there is no event of type ${plan.eventType} yet: send some, then preview again`];
  const scopes = events.map(eventScope);
  const passed = scopes.filter((scope) => plan.filter === undefined || plan.filter.evaluate(scope) === true);
  if (passed.length === 0)
    return [`the filter \`${plan.filter?.text ?? ''}\` holds for none of ${countOf(scopes)}${missingWords(plan.filter, scopes)}`];
  const keyless = keyWarnings(plan, passed);
  if (keyless.length > 0) return keyless;
  const counted = passed.filter((scope) => hasKey(plan, scope));
  return [
    ...readWarnings('the filter', plan.filter, scopes),
    ...plan.features.flatMap((feature) => featureWarnings(plan, feature, counted)),
  ];
}

function keyWarnings(plan: ViewPlan, scopes: readonly Scope[]): string[] {
  const never = plan.keys.flatMap((key, i) => {
    if (scopes.some((scope) => keyPartOf(key.evaluate(scope)) !== undefined)) return [];
    return [`no event yields the key "${plan.entityKeys[i] ?? ''}": \`${key.text}\` names nothing in any of ${countOf(scopes)}`];
  });
  if (never.length > 0 || scopes.some((scope) => hasKey(plan, scope))) return never;
  return [`no event yields a whole key: each of ${scopes.length} lacks one of ${plan.entityKeys.join(', ')}`];
}

const hasKey = ({ keys }: ViewPlan, scope: Scope): boolean => keys.every((key) => keyPartOf(key.evaluate(scope)) !== undefined);

function featureWarnings(
  { measures }: ViewPlan,
  { name, dtype, aggregation, measure, value }: ViewPlan['features'][number],
  scopes: readonly Scope[],
): string[] {
  if (value === undefined) return [];
  const addendOf = measures[measure]?.addendOf;
  const isNull = scopes.every((scope) => addendOf?.(scope, quiet, NOWHERE) === null);
  const unfit = aggregation === 'share' ? 'neither true nor false' : (UNFIT[dtype] ?? 'no number');
  if (isNull)
    return [
      `every value of the feature "${name}" is null: \`${value.text}\` is ${unfit} in any of ${countOf(scopes)}${missingWords(value, scopes)}`,
    ];
  return readWarnings(`the feature "${name}"`, value, scopes);
}

const quiet = (): void => undefined;
/** Whether there is a value does not depend on when. */
const NOWHERE = { eventTime: 0, tileEnd: 0 };
const UNFIT: Readonly<Record<string, string>> = {
  string: 'no text',
  string_list: 'no text',
  bool: 'no truth value',
  bool_list: 'no truth value',
};

/** A condition on what is not there is false, not null: `data.plann == "pro"`. */
function readWarnings(reader: string, expression: Expression | undefined, scopes: readonly Scope[]): string[] {
  return missingReads(expression, scopes).map((path) => `${reader} reads ${path}, which is in none of ${countOf(scopes)}`);
}

function missingWords(expression: Expression | undefined, scopes: readonly Scope[]): string {
  const missing = missingReads(expression, scopes);
  return missing.length === 0 ? '' : `; there is no ${missing.join(' and no ')}`;
}

function missingReads(expression: Expression | undefined, scopes: readonly Scope[]): string[] {
  const paths = (expression?.reads ?? []).filter((path) => path.startsWith('data.'));
  return paths.filter((path) => scopes.every((scope) => isMissing(scope, path.split('.'))));
}

function isMissing(scope: Scope, steps: readonly string[]): boolean {
  const found = steps.reduce<unknown>(
    (at, step) => (typeof at === 'object' && at !== null && Object.hasOwn(at, step) ? (at as Scope)[step] : undefined),
    scope,
  );
  return found === undefined || found === null;
}

const countOf = (scopes: readonly Scope[]): string => `${scopes.length} event${scopes.length === 1 ? '' : 's'}`;
