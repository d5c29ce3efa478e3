/** Operators on compiled parts. Null means "not known": it spreads, except where the result is certain without it. */
import { booleanOrNull, describeValue, finiteOrNull, numberOrNull, type Run } from './expression-values.ts';

type Binary = (left: Run, right: Run) => Run;

const arithmetic =
  (sign: string, compute: (a: number, b: number) => number): Binary =>
  (left, right) =>
  (scope, report) => {
    const a = left(scope, report);
    const b = right(scope, report);
    if (typeof a === 'number' && typeof b === 'number') return finiteOrNull(compute(a, b));
    numberOrNull(a, sign, report);
    numberOrNull(b, sign, report);
    return null;
  };

const add: Binary = (left, right) => (scope, report) => {
  const a = left(scope, report);
  const b = right(scope, report);
  if (typeof a === 'number' && typeof b === 'number') return finiteOrNull(a + b);
  if (typeof a === 'string' && typeof b === 'string') return a + b;
  if (a !== null && b !== null) report(`+ needs two numbers or two texts and got ${describeValue(a)} and ${describeValue(b)}`);
  return null;
};

const compare =
  (sign: string, holds: (a: number | string, b: number | string) => boolean): Binary =>
  (left, right) =>
  (scope, report) => {
    const a = left(scope, report);
    const b = right(scope, report);
    if (typeof a === 'number' && typeof b === 'number') return holds(a, b);
    if (typeof a === 'string' && typeof b === 'string') return holds(a, b);
    if (a !== null && b !== null) report(`${sign} needs two numbers or two texts and got ${describeValue(a)} and ${describeValue(b)}`);
    return null;
  };

const equal =
  (wanted: boolean): Binary =>
  (left, right) =>
  (scope, report) => {
    const a = left(scope, report);
    const b = right(scope, report);
    if (typeof a === 'object' && a !== null && typeof b === 'object' && b !== null) {
      report('== cannot compare lists or objects');
      return null;
    }
    return (a === b) === wanted;
  };

const contained: Binary = (left, right) => (scope, report) => {
  const item = left(scope, report);
  const all = right(scope, report);
  if (all === null) return null;
  if (Array.isArray(all)) return all.includes(item);
  if (typeof all === 'object' && typeof item === 'string') return Object.hasOwn(all, item);
  report(`in needs a list, or a name and an object, and got ${describeValue(all)}`);
  return null;
};

/** `false && x` is false and `true || x` is true whatever x is; otherwise an unknown side makes the whole unknown. */
const logical =
  (sign: string, decisive: boolean): Binary =>
  (left, right) =>
  (scope, report) => {
    const a = booleanOrNull(left(scope, report), sign, report);
    if (a === decisive) return decisive;
    const b = booleanOrNull(right(scope, report), sign, report);
    if (b === decisive) return decisive;
    return a === null || b === null ? null : !decisive;
  };

export const BINARY: Readonly<Record<string, Binary>> = {
  '+': add,
  '-': arithmetic('-', (a, b) => a - b),
  '*': arithmetic('*', (a, b) => a * b),
  '/': arithmetic('/', (a, b) => a / b),
  '%': arithmetic('%', (a, b) => a % b),
  '<': compare('<', (a, b) => a < b),
  '<=': compare('<=', (a, b) => a <= b),
  '>': compare('>', (a, b) => a > b),
  '>=': compare('>=', (a, b) => a >= b),
  '==': equal(true),
  '!=': equal(false),
  in: contained,
  '&&': logical('&&', false),
  '||': logical('||', true),
};

export const negate =
  (part: Run): Run =>
  (scope, report) => {
    const value = numberOrNull(part(scope, report), '-', report);
    return value === null ? null : -value;
  };

export const not =
  (part: Run): Run =>
  (scope, report) => {
    const value = booleanOrNull(part(scope, report), '!', report);
    return value === null ? null : !value;
  };

export const choose =
  (condition: Run, then: Run, otherwise: Run): Run =>
  (scope, report) => {
    const held = booleanOrNull(condition(scope, report), '?', report);
    if (held === null) return null;
    return held ? then(scope, report) : otherwise(scope, report);
  };
