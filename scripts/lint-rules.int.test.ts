// The rules of .oxlintrc.json and .dependency-cruiser.mjs, each shown to find a planted violation.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ROOT } from './testing/run-jest.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lint rules-'));
  for (const file of ['.oxlintrc.json', '.dependency-cruiser.mjs']) copyFileSync(join(ROOT, file), join(folder, file));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

/** A package that others import by name, as npm links the workspaces. */
function link(path: string, name: string, exported: Record<string, string>): void {
  write({ [`${path}/package.json`]: JSON.stringify({ name, type: 'module', exports: exported }) });
  mkdirSync(join(folder, 'node_modules', dirname(name)), { recursive: true });
  symlinkSync(join(folder, path), join(folder, 'node_modules', name));
}

function run(tool: string, args: readonly string[]): string {
  const env = { ...process.env, FORCE_COLOR: '0' };
  const { stdout, stderr } = spawnSync(join(ROOT, 'node_modules', '.bin', tool), args, { cwd: folder, env, encoding: 'utf8' });
  return stdout + stderr;
}

const lint = () => run('oxlint', ['--format=unix']);
const cruise = (...folders: string[]) => run('depcruise', ['--config', '.dependency-cruiser.mjs', ...folders]);

const lines = (count: number, line: string) => Array.from({ length: count }, () => line).join('\n');

describe('the rules of the code', () => {
  // Some are put together, so that a search of the project for the real thing does not find them.
  it.each([
    ['no-explicit-any', `export const x: ${'any'} = 1;`],
    ['no-console', 'console.log(1);'],
    ['no-default-export', 'export default 1;'],
    ['no-process-env', 'export const home = process.env.HOME;'],
    ['no-empty', `try { JSON.parse("1"); } catch ${'{ }'}`],
    ['no-focused-tests', `test${'.only'}("x", () => { expect(1).toBe(1); });`],
    ['no-disabled-tests', `test${'.skip'}("x", () => { expect(1).toBe(1); });`],
    ['ban-ts-comment', '// @ts-' + 'ignore\nexport const x = 1;'],
    ['no-warning-comments', `// TO${'DO'}: later\nexport const x = 1;`],
    ['no-barrel-file', 'export * from "./a.ts";'],
    ['prefer-node-protocol', 'import { readFileSync } from "fs";\nreadFileSync("x");'],
    ['max-params', 'export function f(a: 1, b: 1, c: 1, d: 1, e: 1) { return [a, b, c, d, e]; }'],
    ['max-depth', 'export function f(x: number) { if (x) { while (x) { for (;;) { if (x > 1) return; } } } }'],
    ['max-lines-per-function', `export function f(x: number) {\n${lines(61, 'x += 1;')}\nreturn x;\n}`],
    ['max-lines', lines(301, 'export {};')],
    ['no-restricted-imports', `import { x } from '../../registry/src/service.ts';\nexport const y = x;`],
    ['no-restricted-imports', `import { x } from '../../../libs/storage/src/sql.ts';\nexport const y = x;`],
    ['catch-or-return', 'fetch("x").then((answer) => answer.json());'],
  ])('%s finds a violation', (rule, source) => {
    // Rules about tests look at tests only.
    write({ [`services/training/src/a${rule.endsWith('-tests') ? '.test' : ''}.ts`]: source });
    expect(lint()).toContain(`${rule})]`);
  });

  it('lets the command line print, the environment be read in one file, tests reach their own sources, and a test be long', () => {
    write({
      'services/cli/src/a.ts': 'console.log(process.env.HOME);',
      'libs/runtime/src/env.ts': 'export const home = process.env.HOME;',
      'libs/storage/test/fault/b.ts': `import { x } from '../../src/sql.ts';\nexport const y = x;`,
      'libs/storage/src/a.test.ts': `test('x', () => {\n${lines(70, '  expect(1).toBe(1);')}\n});`,
    });
    expect(lint()).not.toContain('[Error');
  });
});

describe('the rules of who imports whom', () => {
  it.each([
    ['a service imports a service', 'services-talk-by-messages', 'services/training/src/a.ts', '@roofshot/registry/service'],
    ['the command line imports a service', 'cli-starts-all-in-one', 'services/cli/src/a.ts', '@roofshot/registry/service'],
    ['a library imports a service', 'libs-below-services', 'libs/storage/src/a.ts', '@roofshot/registry/service'],
    ['a contract imports a service', 'contracts-stand-alone', 'contracts/src/a.ts', '@roofshot/registry/service'],
    ['a contract imports what does I/O', 'contracts-stand-alone', 'contracts/src/a.ts', 'node:fs'],
    ['a file is imported that its package does not list', 'import-resolves', 'services/training/src/a.ts', '@roofshot/registry/hidden'],
    ['a service imports what is for tests', 'tests-not-in-production', 'services/training/src/a.ts', '@roofshot/testing/clock'],
    ['a service imports a database client', 'clients-behind-ports', 'services/training/src/a.ts', 'pg'],
  ])('when %s, it is found by %s', (_case, rule, importer, imported) => {
    link('services/registry', '@roofshot/registry', { './service': './src/service.ts' });
    link('libs/testing', '@roofshot/testing', { './clock': './src/clock.ts' });
    const empty = 'export const x = 1;\n';
    write({ 'services/registry/src/service.ts': empty, 'services/registry/src/hidden.ts': empty, 'libs/testing/src/clock.ts': empty });
    write({ 'node_modules/pg/package.json': '{"name":"pg","main":"index.js"}', 'node_modules/pg/index.js': 'exports.x = 1;' });
    write({ [importer]: `import { x } from '${imported}';\nexport const y = x;\n` });
    expect(cruise('services', 'libs', dirname(importer))).toContain(`error ${rule}: ${importer}`);
  });

  it('finds a cycle of imports, also where only a type closes it', () => {
    const a = `import { b } from './b.ts';\nexport const a = () => b;\n`;
    write({ 'libs/storage/src/a.ts': a, 'libs/storage/src/b.ts': `import { a } from './a.ts';\nexport const b = () => a;\n` });
    expect(cruise('libs')).toContain('error no-cycles:');
    write({ 'libs/storage/src/b.ts': `import type { a } from './a.ts';\nexport const b = (x: typeof a) => x;\n` });
    expect(cruise('libs')).toContain('error no-cycles-of-types:');
    write({ 'libs/storage/src/b.ts': 'export const b = 1;\n' });
    expect(cruise('libs')).toContain('no dependency violations');
  });

  it('lets the all-in-one import services, tests import test tools, and storage its client', () => {
    link('services/registry', '@roofshot/registry', { './service': './src/service.ts' });
    write({ 'node_modules/pg/package.json': '{"name":"pg","main":"index.js"}', 'node_modules/pg/index.js': 'exports.x = 1;' });
    write({
      'services/registry/src/service.ts': 'export const x = 1;\n',
      'services/all-in-one/src/a.ts': `import { x } from '@roofshot/registry/service';\nexport const y = x;\n`,
      'libs/storage/src/a.ts': `import { x } from 'pg';\nexport const y = x;\n`,
    });
    expect(cruise('services', 'libs')).toContain('no dependency violations');
  });
});
