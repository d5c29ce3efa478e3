// Finds promises that nobody waits for: what they throw would end the process, or be lost. The linter cannot, for it knows no types.
// Usage: floating-promises.ts TSCONFIG ... ; exit code 1 when there are some.
import { dirname, relative, resolve } from 'node:path';
import { API, type Checker, type Project, type Type } from 'typescript/unstable/sync';
import {
  isBinaryExpression,
  isCallExpression,
  isConditionalExpression,
  isExpressionStatement,
  isParenthesizedExpression,
  isPropertyAccessExpression,
  SyntaxKind,
  type Expression,
  type Node,
  type SourceFile,
} from 'typescript/unstable/ast';

const SHORT_CIRCUIT = [SyntaxKind.AmpersandAmpersandToken, SyntaxKind.BarBarToken, SyntaxKind.QuestionQuestionToken, SyntaxKind.CommaToken];

/** @returns "file:line:column: text" of each promise that is neither awaited, returned, kept, caught nor marked with `void` */
export function findFloatingPromises(configFile: string): string[] {
  const api = new API({ cwd: dirname(configFile) });
  try {
    const project = api.updateSnapshot({ openProjects: [configFile] }).getProject(configFile);
    if (project === undefined) throw new Error(`${configFile} cannot be read as a TypeScript project: run npm run typecheck`);
    return sourceFiles(project).flatMap((file) => inFile(file, project.checker));
  } finally {
    api.close();
  }
}

function sourceFiles({ program }: Project): SourceFile[] {
  return program
    .getSourceFileNames()
    .filter((name) => /\.(ts|tsx|mjs)$/.test(name) && !name.endsWith('.d.ts') && !name.includes('/node_modules/'))
    .map((name) => program.getSourceFile(name))
    .filter((file) => file !== undefined);
}

function inFile(file: SourceFile, checker: Checker): string[] {
  const calls = statementsIn(file).flatMap(results).filter(isCallExpression).filter(isNotHandled);
  const types = calls.length === 0 ? [] : checker.getTypeAtLocation(calls);
  return calls.filter((_, index) => isPromise(types[index])).map((call) => describe(file, call));
}

function statementsIn(file: SourceFile): Expression[] {
  const found: Expression[] = [];
  const visit = (node: Node): void => {
    if (isExpressionStatement(node)) found.push(node.expression);
    node.forEachChild(visit);
  };
  visit(file);
  return found;
}

/** The expressions whose value the whole expression may have: both arms of a condition, the right side of `&&`. */
function results(expression: Expression): Expression[] {
  if (isParenthesizedExpression(expression)) return results(expression.expression);
  if (isConditionalExpression(expression)) return [...results(expression.whenTrue), ...results(expression.whenFalse)];
  if (isBinaryExpression(expression) && SHORT_CIRCUIT.includes(expression.operatorToken.kind)) return results(expression.right);
  return [expression];
}

/** `.catch(f)`, `.then(f, g)`, and `.finally(f)` after one of them, leave nothing to wait for. */
function isNotHandled(call: Expression): boolean {
  if (!isCallExpression(call) || !isPropertyAccessExpression(call.expression)) return true;
  const { name, expression: receiver } = call.expression;
  if (name.text === 'catch') return call.arguments.length === 0;
  if (name.text === 'then') return call.arguments.length < 2;
  return name.text === 'finally' ? isNotHandled(receiver) : true;
}

/** A promise by its type, not by having a `then`: Fastify's replies have one, and are sent without being waited for. */
function isPromise(type: Type | undefined): boolean {
  if (type === undefined) return false;
  return type.isUnionType() ? type.getTypes().some(isPromise) : type.getSymbol()?.name === 'Promise';
}

function describe(file: SourceFile, node: Node): string {
  const start = node.getStart(file);
  const before = file.text.slice(0, start).split('\n');
  const place = `${relative(process.cwd(), file.fileName)}:${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
  return `${place}: ${node.getText(file).split('\n')[0] ?? ''}`;
}

if (import.meta.main) {
  const found = process.argv.slice(2).flatMap((config) => findFloatingPromises(resolve(config)));
  for (const place of new Set(found))
    console.error(`${place}\n  nobody waits for this promise: await or return it, catch its fault, or write void where losing it is right`);
  process.exitCode = found.length === 0 ? 0 : 1;
}
