/** From the syntax tree of a CEL expression to closures. No code is generated or evaluated as text. */
import type { ASTNode } from '@marcbachmann/cel-js';
import { ExpressionFault } from './expression-fault.ts';
import { FUNCTIONS, METHODS, type FunctionRule } from './expression-functions.ts';
import { BINARY, choose, negate, not } from './expression-operators.ts';
import { checkField } from './check-field.ts';
import { fieldOf, itemOf, type Part, type Report, type Run, type Scope, type StaticType } from './expression-values.ts';
import { describeType, type DescribedType, type Variables } from './field-types.ts';
import { suggestNames } from './nearest.ts';

interface Compiled extends Part {
  /** Of an object or a list of which something is known. */
  readonly inside?: DescribedType;
  /** `data.delay`: where the value comes from, for lists of what an expression reads. */
  readonly path?: string | undefined;
  /** `data.legs[…].delay`: the same, for sentences. */
  readonly label?: string;
}

const ARITHMETIC = new Set(['-', '*', '/', '%']);
const ORDERING = new Set(['<', '<=', '>', '>=']);

/** Compiles one expression; made for one text and used once. */
export class ExpressionCompiler {
  readonly #reads = new Map<string, number>();
  readonly #doubts: string[] = [];
  readonly #text: string;
  readonly #variables: Variables;

  constructor(text: string, variables: Variables) {
    this.#text = text;
    this.#variables = variables;
  }

  /** The paths that were read: `data.delay`. */
  get reads(): string[] {
    return [...this.#reads].filter(([, count]) => count > 0).map(([path]) => path);
  }

  /** Fields that the schema lets be there and does not declare, a sentence each. */
  get doubts(): readonly string[] {
    return this.#doubts;
  }

  compile(node: ASTNode): Compiled {
    switch (node.op) {
      case 'value':
        return this.#literal(node, node.args);
      case 'id':
        return this.#variable(node, node.args);
      case '.':
        return this.#field(node, node.args);
      case '[]':
        return this.#item(node.args);
      case 'call':
        return node.args[0] === 'has' ? this.#has(node, node.args[1]) : this.#call(node, node.args[0], node.args[1], FUNCTIONS);
      case 'rcall':
        return this.#call(node, node.args[0], [node.args[1], ...node.args[2]], METHODS);
      case 'list':
        return this.#list(node.args);
      case '?:':
        return this.#choice(node.args);
      case '!_':
        return { type: 'boolean', run: not(this.#typed(node.args, 'boolean', '!').run) };
      case '-_':
        return this.#negation(node.args);
      default:
        return this.#binary(node);
    }
  }

  #fault(node: ASTNode, detail: string): ExpressionFault {
    return new ExpressionFault(this.#text, node.start, detail);
  }

  #literal(node: ASTNode, value: unknown): Compiled {
    if (typeof value === 'bigint') return this.#integer(node, value);
    if (value === null) return { type: 'null', run: () => null };
    if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') {
      return { type: typeof value as StaticType, run: () => value };
    }
    throw this.#fault(node, 'unsigned numbers and bytes are not supported: write a plain number or a text');
  }

  #integer(node: ASTNode, value: bigint): Compiled {
    const number = Number(value);
    if (!Number.isSafeInteger(number)) throw this.#fault(node, `${value} is too large to be exact: at most 2^53 − 1`);
    return { type: 'number', run: () => number };
  }

  #variable(node: ASTNode, name: string): Compiled {
    const type = Object.hasOwn(this.#variables, name) ? this.#variables[name] : undefined;
    if (type === undefined) throw this.#fault(node, `there is no variable "${name}"${suggestNames(name, Object.keys(this.#variables))}`);
    this.#countRead(name, 1);
    return { ...describeType(type), path: name, label: name, run: (scope: Scope) => scope[name] ?? null };
  }

  #field(node: ASTNode, [target, name]: [ASTNode, string]): Compiled {
    const object = this.compile(target);
    const path = object.path === undefined ? undefined : `${object.path}.${name}`;
    if (object.path !== undefined && path !== undefined) {
      // The longest path counts: reading `data.delay` is not reading all of `data`.
      this.#countRead(object.path, -1);
      this.#countRead(path, 1);
    }
    const run = readField(object.run, name);
    if (object.type !== 'any') throw this.#fault(node, `.${name} needs an object and got a ${object.type}`);
    return { ...this.#fieldType(node, object, name), path, run };
  }

  #fieldType(node: ASTNode, { inside, label = 'the object' }: Compiled, name: string): Omit<Compiled, 'run' | 'path'> {
    if (inside === undefined) return { type: 'any' };
    const { type, fault, doubt } = checkField(inside, label, name);
    if (fault !== undefined) throw this.#fault(node, fault);
    if (doubt !== undefined) this.#doubts.push(new ExpressionFault(this.#text, node.start, doubt).message);
    return { ...describeType(type), label: `${label}.${name}` };
  }

  #countRead(path: string, by: 1 | -1): void {
    this.#reads.set(path, (this.#reads.get(path) ?? 0) + by);
  }

  #item([target, index]: [ASTNode, ASTNode]): Compiled {
    const object = this.compile(target);
    const key = this.compile(index);
    const run: Run = (scope, report) => itemOf(object.run(scope, report), key.run(scope, report), report);
    if (index.op === 'value' && typeof index.args === 'string' && object.type !== 'list')
      return { ...this.#fieldType(index, object, index.args), run };
    if (object.inside === undefined || key.type !== 'number') return { type: 'any', run };
    return { ...describeType(object.inside.item()), label: `${object.label ?? 'the list'}[…]`, run };
  }

  #call(node: ASTNode, name: string, args: readonly ASTNode[], rules: Readonly<Record<string, FunctionRule>>): Compiled {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (rule === undefined)
      throw this.#fault(
        node,
        `there is no ${rules === METHODS ? 'method' : 'function'} "${name}"${suggestNames(name, Object.keys(rules))}`,
      );
    if (args.length < rule.least || args.length > rule.most) {
      throw this.#fault(node, `${name} takes ${describeCount(rule)} and got ${args.length}`);
    }
    const parts = args.map((argument, i) => this.#argument(argument, rule, i, name));
    return { type: rule.gives, run: runCall(rule, parts) };
  }

  #argument(node: ASTNode, rule: FunctionRule, i: number, name: string): Run {
    const wanted = rule.takes[Math.min(i, rule.takes.length - 1)] ?? 'any';
    const { run } = this.#typed(node, wanted, name);
    return wanted === 'any' ? run : checkArgument(run, wanted, name);
  }

  /** True when the field is there and not null. */
  #has(node: ASTNode, [target, ...rest]: readonly ASTNode[]): Compiled {
    if (target === undefined || rest.length > 0 || (target.op !== '.' && target.op !== '[]')) {
      throw this.#fault(node, 'has takes one field, such as has(data.delay)');
    }
    const field = this.compile(target).run;
    return { type: 'boolean', run: (scope) => field(scope, ignore) !== null };
  }

  #list(nodes: readonly ASTNode[]): Compiled {
    const items = nodes.map((item) => this.compile(item).run);
    return { type: 'list', run: (scope, report) => items.map((item) => item(scope, report)) };
  }

  #choice([condition, then, otherwise]: readonly [ASTNode, ASTNode, ASTNode]): Compiled {
    const test = this.#typed(condition, 'boolean', '?');
    const [yes, no] = [this.compile(then), this.compile(otherwise)];
    return { type: commonType(yes.type, no.type), run: choose(test.run, yes.run, no.run) };
  }

  #negation(node: ASTNode): Compiled {
    const part = this.#typed(node, 'number', '-');
    if (node.op !== 'value') return { type: 'number', run: negate(part.run) };
    const value = negate(part.run)({}, ignore);
    return { type: 'number', run: () => value };
  }

  #binary(node: ASTNode): Compiled {
    const operator = BINARY[node.op];
    if (operator === undefined)
      throw this.#fault(node, `${describeUnsupported(node)} not supported: use operators, comparisons, ?: and function calls`);
    const [leftNode, rightNode] = node.args as [ASTNode, ASTNode];
    if (node.op === '&&' || node.op === '||') {
      const run = operator(this.#typed(leftNode, 'boolean', node.op).run, this.#typed(rightNode, 'boolean', node.op).run);
      return { type: 'boolean', run };
    }
    if (ARITHMETIC.has(node.op)) {
      return { type: 'number', run: operator(this.#typed(leftNode, 'number', node.op).run, this.#typed(rightNode, 'number', node.op).run) };
    }
    const [left, right] = [this.compile(leftNode), this.compile(rightNode)];
    if (node.op === '+' || ORDERING.has(node.op)) this.#refuseMixture(node, left, right);
    if (node.op === 'in' && leftNode.op === 'value' && typeof leftNode.args === 'string' && right.inside?.only === 'object')
      this.#fieldType(leftNode, right, leftNode.args);
    const type = node.op === '+' ? sumType(left.type, right.type) : 'boolean';
    return { type, run: operator(left.run, right.run) };
  }

  #refuseMixture(node: ASTNode, left: Compiled, right: Compiled): void {
    const known = [left, right]
      .map(({ type, inside }) => (inside?.only === 'object' ? 'object' : type))
      .filter((type) => type !== 'any' && type !== 'null');
    const fits = known.every((type) => (type === 'number' || type === 'string') && type === known[0]);
    if (!fits) throw this.#fault(node, `${node.op} needs two numbers or two texts and got ${known.join(' and ')}`);
  }

  #typed(node: ASTNode, wanted: StaticType, what: string): Compiled {
    const part = this.compile(node);
    const isObject = part.inside?.only === 'object';
    const fits = wanted === 'any' || part.type === wanted || part.type === 'any' || part.type === 'null';
    if (!fits || (isObject && wanted !== 'any')) {
      throw this.#fault(node, `${what} needs a ${wanted} and got ${isObject ? 'an object' : `a ${part.type}`}`);
    }
    return part;
  }
}

const ignore: Report = () => undefined;

function readField(object: Run, name: string): Run {
  return (scope, report) => fieldOf(object(scope, report), name, report);
}

function checkArgument(run: Run, wanted: StaticType, name: string): Run {
  return (scope, report) => {
    const value = run(scope, report);
    if (value === null || typeof value === wanted) return value;
    report(`${name} needs a ${wanted} and got a ${Array.isArray(value) ? 'list' : typeof value}`);
    return null;
  };
}

function runCall(rule: FunctionRule, parts: readonly Run[]): Run {
  const passNulls = rule.nulls === 'pass';
  return (scope, report) => {
    const args: unknown[] = [];
    for (let i = 0; i < parts.length; i += 1) {
      const value = (parts[i] as Run)(scope, report);
      if (value === null && !passNulls) return null;
      args.push(value);
    }
    return rule.call(args, report);
  };
}

function commonType(a: StaticType, b: StaticType): StaticType {
  if (a === b || b === 'null') return a;
  return a === 'null' ? b : 'any';
}

function sumType(a: StaticType, b: StaticType): StaticType {
  const known = a === 'any' || a === 'null' ? b : a;
  return known === 'null' ? 'any' : known;
}

function describeCount({ least, most }: FunctionRule): string {
  if (most === Infinity) return `at least ${least} arguments`;
  return least === most ? `${least} argument${least === 1 ? '' : 's'}` : `${least} to ${most} arguments`;
}

function describeUnsupported(node: ASTNode): string {
  return node.op === 'map' ? 'object literals are' : `"${node.op}" is`;
}
