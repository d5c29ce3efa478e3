/**
 * CEL to DuckDB SQL, for the audit alone: written apart from the evaluator that features use, so that a mistake there cannot
 * hide here. The syntax comes from the CEL parser; the meaning is SQL's own three-valued logic. What it does not know is refused,
 * and the audit then says that it did not compare.
 */
import { Environment, type ASTNode } from '@marcbachmann/cel-js';

/** What a value is needed as. `feature`: a number, or a truth value as 1 or 0. `key`: a text or a whole number as text. */
export type Wanted = 'number' | 'boolean' | 'text' | 'key' | 'feature';

/** What a variable is: a JSON column, or a column with a plain value. */
export interface SqlVariable {
  readonly column: string;
  readonly type: 'json' | 'number' | 'text';
}
export type SqlVariables = Readonly<Record<string, SqlVariable>>;

export class NotAuditable extends Error {
  override readonly name = 'NotAuditable';
}

const syntax = new Environment({ unlistedVariablesAreDyn: true, homogeneousAggregateLiterals: false });

/** Answers a SQL expression over the variables' columns. Throws NotAuditable. */
export function toSql(text: string, variables: SqlVariables, wanted: Wanted): string {
  return new Translator(text, variables).translate(syntax.parse(text).ast, wanted);
}

export const quoteText = (text: string): string => `'${text.replaceAll("'", "''")}'`;

const NUMBERS = "('BIGINT', 'UBIGINT', 'DOUBLE')";
const COMPARISONS: Readonly<Record<string, string>> = {
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
  '==': 'IS NOT DISTINCT FROM',
  '!=': 'IS DISTINCT FROM',
};
const ARITHMETIC: Readonly<Record<string, string>> = { '+': '+', '-': '-', '*': '*', '/': '/', '%': '%' };

/** Functions of numbers: the arguments in SQL, none of them null. */
const NUMERIC: Readonly<Record<string, (args: readonly string[]) => string>> = {
  abs: ([x]) => `abs(${x})`,
  ceil: ([x]) => `ceil(${x})`,
  clip: ([x, low, high]) => `least(greatest(${x}, ${low}), ${high})`,
  exp: ([x]) => `exp(${x})`,
  floor: ([x]) => `floor(${x})`,
  log: ([x]) => `CASE WHEN ${x} > 0 THEN ln(${x}) END`,
  max: (args) => `greatest(${args.join(', ')})`,
  min: (args) => `least(${args.join(', ')})`,
  pow: ([x, y]) => `pow(${x}, ${y})`,
  round: ([x]) => `round(${x})`,
  sqrt: ([x]) => `CASE WHEN ${x} >= 0 THEN sqrt(${x}) END`,
};

const TEXT_TESTS: Readonly<Record<string, string>> = { contains: 'contains', endsWith: 'suffix', startsWith: 'starts_with' };

type Kind = 'number' | 'boolean' | 'text' | 'unknown';

class Translator {
  readonly #text: string;
  readonly #variables: SqlVariables;

  constructor(text: string, variables: SqlVariables) {
    this.#text = text;
    this.#variables = variables;
  }

  translate(node: ASTNode, wanted: Wanted): string {
    if (wanted === 'feature') return this.#feature(node);
    if (wanted === 'key') return this.#key(node);
    const path = this.#pathOf(node);
    if (path !== undefined) return readPath(path, wanted);
    const kind = this.#kindOf(node);
    if (kind !== wanted && node.op !== '?:' && !isNull(node)) throw this.#refuse(`gives a ${kind} where a ${wanted} is needed`);
    return this.#compute(node, wanted);
  }

  #refuse(what: string): NotAuditable {
    return new NotAuditable(`\`${this.#text}\` ${what}`);
  }

  #feature(node: ASTNode): string {
    const number = (sql: string): string => `CASE WHEN ${sql} THEN 1.0 WHEN NOT (${sql}) THEN 0.0 END`;
    const path = this.#pathOf(node);
    if (path !== undefined) return `coalesce(${readPath(path, 'number')}, ${number(readPath(path, 'boolean'))})`;
    return this.#kindOf(node) === 'boolean' ? number(this.translate(node, 'boolean')) : this.translate(node, 'number');
  }

  #key(node: ASTNode): string {
    const path = this.#pathOf(node);
    if (path === undefined) return this.translate(node, 'text');
    if (path.pointer === undefined) return path.column;
    return `CASE WHEN json_type(${path.column}, ${path.pointer}) IN ('VARCHAR', 'BIGINT', 'UBIGINT') THEN json_extract_string(${path.column}, ${path.pointer}) END`;
  }

  /** `data.a.b`, or a variable by itself. */
  #pathOf(node: ASTNode): SqlPath | undefined {
    const names: string[] = [];
    let at = node;
    for (; at.op === '.'; at = at.args[0]) names.unshift(at.args[1]);
    if (at.op !== 'id') return undefined;
    const variable = this.#variables[at.args];
    if (variable === undefined) throw this.#refuse(`reads ${at.args}, which is not there`);
    if (variable.type !== 'json') return { column: variable.column, type: variable.type, pointer: undefined };
    const pointer = quoteText(`$${names.map((name) => `."${name}"`).join('')}`);
    return { column: variable.column, type: 'json', pointer };
  }

  #kindOf(node: ASTNode): Kind {
    if (node.op === 'value') return kindOfLiteral(node.args);
    if (node.op in COMPARISONS || ['&&', '||', '!_', 'in'].includes(node.op)) return 'boolean';
    if (node.op === '+') return this.#sumKind(node);
    if (node.op in ARITHMETIC || node.op === '-_') return 'number';
    if (node.op === '?:') return this.#firstKind(node.args.slice(1));
    if (node.op === 'call') return this.#callKind(node.args[0], node.args[1]);
    if (node.op === 'rcall') return node.args[0] in TEXT_TESTS ? 'boolean' : 'unknown';
    return 'unknown';
  }

  #callKind(name: string, args: readonly ASTNode[]): Kind {
    if (name === 'has') return 'boolean';
    if (name === 'string') return 'text';
    if (name === 'coalesce') return this.#firstKind(args);
    return 'number';
  }

  #sumKind(node: ASTNode): Kind {
    return this.#firstKind(node.args as readonly ASTNode[]) === 'text' ? 'text' : 'number';
  }

  #firstKind(nodes: readonly ASTNode[]): Kind {
    return nodes.map((node) => this.#kindOf(node)).find((kind) => kind !== 'unknown') ?? 'unknown';
  }

  #compute(node: ASTNode, wanted: 'number' | 'boolean' | 'text'): string {
    switch (node.op) {
      case 'value':
        return literal(node.args);
      case '-_':
        return `(-${this.translate(node.args, 'number')})`;
      case '!_':
        return `(NOT ${this.translate(node.args, 'boolean')})`;
      case '&&':
        return `(${this.translate(node.args[0], 'boolean')} AND ${this.translate(node.args[1], 'boolean')})`;
      case '||':
        return `(${this.translate(node.args[0], 'boolean')} OR ${this.translate(node.args[1], 'boolean')})`;
      case '?:':
        return this.#choice(node.args, wanted);
      case 'in':
        return this.#membership(node.args);
      case 'call':
        return this.#call(node.args[0], node.args[1], wanted);
      case 'rcall':
        return this.#method(node.args[0], [node.args[1], ...node.args[2]]);
      default:
        return this.#binary(node);
    }
  }

  #choice([condition, then, otherwise]: readonly [ASTNode, ASTNode, ASTNode], wanted: 'number' | 'boolean' | 'text'): string {
    const test = this.translate(condition, 'boolean');
    return `CASE WHEN ${test} THEN ${this.translate(then, wanted)} WHEN NOT ${test} THEN ${this.translate(otherwise, wanted)} END`;
  }

  #membership([item, list]: readonly [ASTNode, ASTNode]): string {
    if (list.op !== 'list' || list.args.length === 0) throw this.#refuse('asks for members of something other than a list of values');
    const kind = this.#firstKind(list.args);
    if (kind === 'unknown') throw this.#refuse('has a list of unknown kind');
    return `coalesce(${this.translate(item, kind)} IN (${list.args.map((entry) => this.translate(entry, kind)).join(', ')}), false)`;
  }

  #binary(node: ASTNode): string {
    const [left, right] = node.args as readonly [ASTNode, ASTNode];
    const comparison = COMPARISONS[node.op];
    if (isNull(right) && (node.op === '==' || node.op === '!='))
      return node.op === '!=' ? this.#isThere(left) : `(NOT ${this.#isThere(left)})`;
    if (comparison !== undefined) {
      const kind = this.#comparedAs(left, right, node.op);
      return `(${this.translate(left, kind)} ${comparison} ${this.translate(right, kind)})`;
    }
    const sign = ARITHMETIC[node.op];
    if (sign === undefined) throw this.#refuse(`uses ${node.op}`);
    if (node.op === '+' && this.#sumKind(node) === 'text') return `(${this.translate(left, 'text')} || ${this.translate(right, 'text')})`;
    return finite(`(${this.translate(left, 'number')} ${sign} ${this.translate(right, 'number')})`);
  }

  #comparedAs(left: ASTNode, right: ASTNode, operator: string): 'number' | 'boolean' | 'text' {
    const kind = this.#firstKind([left, right]);
    if (kind !== 'unknown') return kind;
    if (operator === '==' || operator === '!=') throw this.#refuse('compares two values of unknown kind');
    return 'number';
  }

  #call(name: string, args: readonly ASTNode[], wanted: 'number' | 'boolean' | 'text'): string {
    const numeric = NUMERIC[name];
    if (numeric !== undefined) return this.#numeric(numeric, args);
    if (name === 'hour' || name === 'weekday') return this.#zoned(name, args);
    if (name === 'has' && args[0] !== undefined) return this.#has(args[0]);
    if (name === 'coalesce')
      return `CASE ${args.map((argument) => `WHEN ${this.#isThere(argument)} THEN ${this.translate(argument, wanted)}`).join(' ')} END`;
    if (name === 'indicator' && args[0] !== undefined) return this.#feature(args[0]);
    if (name === 'timestamp' && args[0]?.op === 'value') return `${Date.parse(String(args[0].args))}::DOUBLE`;
    throw this.#refuse(`calls ${name}`);
  }

  /** SQL's least and greatest pass over nulls; here a null makes the result null. */
  #numeric(compute: (args: readonly string[]) => string, nodes: readonly ASTNode[]): string {
    const args = nodes.map((node) => this.translate(node, 'number'));
    return `CASE WHEN ${args.map((argument) => `${argument} IS NOT NULL`).join(' AND ')} THEN ${finite(compute(args))} END`;
  }

  #zoned(name: string, [time, zone]: readonly ASTNode[]): string {
    if (time === undefined) throw this.#refuse(`calls ${name} without a time`);
    const local = `timezone(${zone === undefined ? "'UTC'" : this.translate(zone, 'text')}, to_timestamp(${this.translate(time, 'number')} / 1000))`;
    return name === 'hour' ? `hour(${local})::DOUBLE` : `(isodow(${local}) - 1)::DOUBLE`;
  }

  #has(node: ASTNode): string {
    const path = this.#pathOf(node);
    if (path?.pointer === undefined) throw this.#refuse('asks whether something other than a field is there');
    return `coalesce(json_type(${path.column}, ${path.pointer}) <> 'NULL', false)`;
  }

  /** A field of any type counts, also one of a type that is not wanted. */
  #isThere(node: ASTNode): string {
    if (this.#pathOf(node)?.pointer !== undefined) return this.#has(node);
    const kind = this.#kindOf(node);
    return kind === 'unknown' ? 'false' : `(${this.translate(node, kind)}) IS NOT NULL`;
  }

  #method(name: string, args: readonly ASTNode[]): string {
    const test = TEXT_TESTS[name];
    if (test === undefined) throw this.#refuse(`calls ${name}`);
    return `${test}(${args.map((argument) => this.translate(argument, 'text')).join(', ')})`;
  }
}

interface SqlPath {
  readonly column: string;
  readonly type: SqlVariable['type'];
  /** Quoted JSON path; undefined for plain columns. */
  readonly pointer: string | undefined;
}

/** Null where the JSON value is of another type, as in features. */
function readPath({ column, type, pointer }: SqlPath, wanted: 'number' | 'boolean' | 'text'): string {
  if (pointer === undefined) return type === wanted ? column : 'NULL';
  const value = `json_extract_string(${column}, ${pointer})`;
  const typed = {
    number: `IN ${NUMBERS} THEN ${value}::DOUBLE`,
    boolean: `= 'BOOLEAN' THEN ${value} = 'true'`,
    text: `= 'VARCHAR' THEN ${value}`,
  };
  return `(CASE WHEN json_type(${column}, ${pointer}) ${typed[wanted]} END)`;
}

function kindOfLiteral(value: unknown): Kind {
  if (typeof value === 'number' || typeof value === 'bigint') return 'number';
  if (typeof value === 'string') return 'text';
  return typeof value === 'boolean' ? 'boolean' : 'unknown';
}

function literal(value: unknown): string {
  if (value === null) return 'NULL';
  return typeof value === 'string' ? quoteText(value) : typeof value === 'boolean' ? String(value) : `${String(value)}::DOUBLE`;
}

const isNull = (node: ASTNode): boolean => node.op === 'value' && node.args === null;
const finite = (sql: string): string => `(CASE WHEN isfinite(${sql}) THEN ${sql} END)`;
