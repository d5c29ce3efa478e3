/**
 * Expressions in CEL (Common Expression Language), the same in live features, in serving and in training snapshots.
 *
 * The syntax is CEL's, parsed by @marcbachmann/cel-js. The meaning is made for JSON data:
 * - There is one kind of number (as in JSON): `data.delay > 15`, `1.0 - p`, `clip(data.delay, -30, 180)` just work;
 *   `1` and `1.0` are the same and `/` does not round.
 * - What is not there is null, and null means "not known". It spreads through operators and functions; comparisons with it are null.
 *   Exceptions: `==` and `!=` (null equals only null), `has`, `coalesce`, `false && x`, `true || x`. `null ? a : b` is null.
 * - Nothing throws while running: a value of the wrong type makes that place null and is reported; no finite result is null.
 * - Times are numbers, epoch milliseconds: `time - timestamp("2001-01-01T00:00:00Z")`, `hour(time, "America/New_York")`.
 * Not supported, and said so when compiling: macros (`all`, `map`, …), object literals, bytes, unsigned numbers,
 * and `matches` (a pattern from outside can run for ever in JavaScript's engine).
 */
import { Environment, ParseError } from '@marcbachmann/cel-js';
import { ExpressionCompiler } from './expression-compiler.ts';
import { ExpressionFault } from './expression-fault.ts';
import type { Report, Scope, StaticType, Value } from './expression-values.ts';
import type { Variables } from './field-types.ts';

export { ExpressionFault } from './expression-fault.ts';
export type { Variables, VariableType } from './field-types.ts';
export type { Report, Scope, StaticType, Value } from './expression-values.ts';

export interface Expression {
  readonly text: string;
  /** What it results in as far as can be told before it runs (null is always possible). */
  readonly type: StaticType;
  /** The paths that it reads: `data.delay`, `context.hour`. */
  readonly reads: readonly string[];
  /** Fields that it reads, that may be there, and that their schema does not declare: a sentence each. */
  readonly doubts: readonly string[];
  /** Never throws. `report` hears of each value that had the wrong type; its place counted as null. */
  evaluate(scope: Scope, report?: Report): Value;
}

/** An expression of a user is short; deeper ones are mistakes or attacks. */
const LIMITS = { maxAstNodes: 500, maxDepth: 40, maxListElements: 200, maxCallArguments: 32 };

const syntax = new Environment({ unlistedVariablesAreDyn: true, homogeneousAggregateLiterals: false, limits: LIMITS });
const ignore: Report = () => undefined;

/**
 * Compiles `text` over the given variables. Throws an ExpressionFault with the position, what is wrong and the nearest names.
 * The result can be evaluated millions of times a second.
 */
export function compileExpression(text: string, variables: Variables): Expression {
  const compiler = new ExpressionCompiler(text, variables);
  const { type, run } = compiler.compile(parse(text));
  return {
    text,
    type,
    reads: compiler.reads,
    doubts: compiler.doubts,
    evaluate: (scope, report = ignore) => toValue(run(scope, report), report),
  };
}

function parse(text: string): ReturnType<typeof syntax.parse>['ast'] {
  try {
    return syntax.parse(text).ast;
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    throw new ExpressionFault(text, error.range?.start ?? 0, describeSyntax(error));
  }
}

function describeSyntax(error: ParseError): string {
  if (error.code === 'unexpected_token' && error.summary.endsWith('EOF')) return 'the expression ends too early';
  const hint = error.code === 'unexpected_character' && error.summary.endsWith('=') ? '; compare with ==' : '';
  return `${error.summary.charAt(0).toLowerCase()}${error.summary.slice(1)}${hint}`;
}

function toValue(value: unknown, report: Report): Value {
  if (typeof value === 'object' && value !== null) {
    report(`the result is ${Array.isArray(value) ? 'a list' : 'an object'}, not a single value`);
    return null;
  }
  return (value ?? null) as Value;
}
