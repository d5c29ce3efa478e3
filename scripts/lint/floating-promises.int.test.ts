import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFloatingPromises } from './floating-promises.ts';

const DECLARATIONS = `
  declare function save(): Promise<number>;
  declare function maybe(): Promise<void> | undefined;
  declare const store: { close?(): Promise<void> } | undefined;
  declare const reply: { send(): { then(f: () => void): void } };
  declare const ready: boolean;
  declare const ignore: () => void;
`;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'floating promises-'));
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: { strict: true, target: 'es2023' }, include: ['*.ts'] }));
});
afterEach(() => rmSync(folder, { recursive: true }));

function find(statement: string): string[] {
  writeFileSync(join(folder, 'a.ts'), `${DECLARATIONS}\nexport async function f() {\n  ${statement}\n}\n`);
  return findFloatingPromises(join(folder, 'tsconfig.json'));
}

describe('a promise that nobody waits for', () => {
  it.each([
    'save();',
    'maybe();',
    'store?.close?.();',
    'ready && save();',
    'ready ? save() : ignore();',
    'save().then((n) => n + 1);',
    'save().finally(ignore);',
    'setTimeout(() => { save(); }, 1);',
    'Promise.all([save()]);',
    '(async () => { await save(); })();',
  ])('is found: %s', (statement) => {
    const found = find(statement);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/a\.ts:10:\d+: /);
  });

  it.each([
    'await save();',
    'return save();',
    'const kept = save(); await kept;',
    'void save();',
    'save().catch(ignore);',
    'save().then(ignore, ignore);',
    'save().catch(ignore).finally(ignore);',
    'reply.send();',
    'ignore();',
  ])('is none: %s', (statement) => {
    expect(find(statement)).toEqual([]);
  });
});
