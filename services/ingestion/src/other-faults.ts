/** Where else data is wrong that a schema has refused at one place, so that its sender mends all of it at once. */
import type { ErrorObject, ValidateFunction } from 'ajv';

/**
 * Data of more values is not looked through: every fault becomes an object in memory, and how many there are is up to the sender. Events
 * have some dozens.
 */
const MOST_VALUES = 200;
/** Places that are named; the others are counted. */
const NAMED = 3;
/** Characters of a place: names of properties are the sender's. */
const LONGEST_PLACE = 200;

/** What is wrong with the parts of these is told before them, and is one fault: that of the whole. */
const WHOLES = new Set(['anyOf', 'oneOf', 'contains']);

/**
 * Answers a sentence that names other places and begins with a space, or nothing. Below a whole that is wrong no other fault is looked for.
 * `compile` makes a check that gives all faults; it is called when they are first asked for.
 */
export function otherFaults(compile: () => ValidateFunction): (data: unknown, first: ErrorObject) => string {
  let check: ValidateFunction | undefined;
  return (data, first) => {
    if (hasMoreValues(data, MOST_VALUES)) return '';
    check ??= compile();
    check(data);
    const others = ownErrors(check.errors ?? []).filter((error) => !isSame(error, first));
    return sentenceOf([...new Set(others.map(placeOf))]);
  };
}

function sentenceOf(places: readonly string[]): string {
  if (places.length === 0) return '';
  const named = places.filter((place) => place.length <= LONGEST_PLACE).slice(0, NAMED);
  const list = named.length === 0 ? '' : `: ${named.map((place) => `/data${place}`).join(', ')}`;
  return ` Faults at ${places.length} more ${places.length === 1 ? 'place' : 'places'}${list}${named.length < places.length ? ', …' : ''}.`;
}

/** Without those that another one tells of, too. */
function ownErrors(errors: readonly ErrorObject[]): ErrorObject[] {
  const wholes = new Set<string>();
  return errors
    .toReversed()
    .filter(({ keyword, instancePath, propertyName }) => {
      const isOwn = keyword !== 'if' && propertyName === undefined && !isWithin(instancePath, wholes);
      if (WHOLES.has(keyword)) wholes.add(instancePath);
      return isOwn;
    })
    .toReversed();
}

function isSame(error: ErrorObject, first: ErrorObject): boolean {
  return placeOf(error) === placeOf(first) || (WHOLES.has(error.keyword) && isWithin(first.instancePath, new Set([error.instancePath])));
}

/** At one of these places, or below. */
function isWithin(path: string, places: ReadonlySet<string>): boolean {
  if (places.size === 0) return false;
  const steps = path.split('/');
  return steps.some((_, depth) => places.has(steps.slice(0, depth + 1).join('/')));
}

/** With the property that is missing, or that must not be there. */
function placeOf({ instancePath, params }: ErrorObject): string {
  const { missingProperty, additionalProperty, unevaluatedProperty, propertyName } = params as Readonly<Record<string, unknown>>;
  const name = missingProperty ?? additionalProperty ?? unevaluatedProperty ?? propertyName;
  return typeof name === 'string' ? `${instancePath}/${name}` : instancePath;
}

function hasMoreValues(data: unknown, most: number): boolean {
  const found = [data];
  for (const value of found) {
    if (typeof value !== 'object' || value === null) continue;
    const inner: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
    if (found.length + inner.length > most) return true;
    found.push(...inner);
  }
  return false;
}
