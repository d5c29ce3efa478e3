/** The values inside expressions and the rules that every operator keeps. */

/** What an expression results in. */
export type Value = number | string | boolean | null;

/** The variables of one evaluation, by name: JSON values. */
export type Scope = Readonly<Record<string, unknown>>;

/** Told once for each place where a value had the wrong type; the place's result is null. */
export type Report = (message: string) => void;

/** One compiled part of an expression. */
export type Run = (scope: Scope, report: Report) => unknown;

/** What is known about a part before it runs; `any` where only the event can tell. */
export type StaticType = 'number' | 'string' | 'boolean' | 'null' | 'list' | 'any';

export interface Part {
  readonly type: StaticType;
  readonly run: Run;
}

/** Division by zero, the logarithm of zero and the like have no value. */
export function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

export function describeValue(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  return typeof value === 'string' ? 'a text' : `a ${typeof value}`;
}

/** Null stays null, a number stays; anything else is a type fault. */
export function numberOrNull(value: unknown, what: string, report: Report): number | null {
  if (typeof value === 'number') return value;
  if (value !== null) report(`${what} needs a number and got ${describeValue(value)}`);
  return null;
}

/** Null stays null, a truth value stays; anything else is a type fault. */
export function booleanOrNull(value: unknown, what: string, report: Report): boolean | null {
  if (typeof value === 'boolean') return value;
  if (value !== null) report(`${what} needs true or false and got ${describeValue(value)}`);
  return null;
}

/** Null stays null, a text stays; anything else is a type fault. */
export function stringOrNull(value: unknown, what: string, report: Report): string | null {
  if (typeof value === 'string') return value;
  if (value !== null) report(`${what} needs a text and got ${describeValue(value)}`);
  return null;
}

/** A property of an object; null when the object, or the property, is not there. */
export function fieldOf(value: unknown, name: string, report: Report): unknown {
  if (value === null) return null;
  if (typeof value !== 'object' || Array.isArray(value)) {
    report(`.${name} needs an object and got ${describeValue(value)}`);
    return null;
  }
  return Object.hasOwn(value, name) ? ((value as Record<string, unknown>)[name] ?? null) : null;
}

/** `list[0]` or `object["name"]`; null when there is nothing. */
export function itemOf(value: unknown, index: unknown, report: Report): unknown {
  if (value === null || index === null) return null;
  if (Array.isArray(value) && typeof index === 'number') return (value[index] as unknown) ?? null;
  if (!Array.isArray(value) && typeof index === 'string') return fieldOf(value, index, report);
  report(`[…] needs a list and a number, or an object and a name, and got ${describeValue(value)} and ${describeValue(index)}`);
  return null;
}
