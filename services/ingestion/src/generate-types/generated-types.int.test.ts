/** What is generated, given to the compilers of both languages, with values that the schemas take. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import { hostileCase, type HostileCase } from './hostile-schemas-lab.ts';
import { writePython } from './write-python.ts';
import { writeTypeScript } from './write-typescript.ts';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const PYTHON = join(ROOT, '.venv/bin/python');
const OPTIONS = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  noEmit: true,
  target: 'es2022',
  module: 'nodenext',
  lib: ['es2022'],
  types: [],
};

const cases = Array.from({ length: 150 }, (_, seed) => hostileCase(seed + 1)).filter((one) => one !== undefined);
const typed = ({ schema }: Pick<HostileCase, 'schema'>) => ({ eventType: 'hostile.one', version: 1, schema });

const order = {
  type: 'object',
  required: ['amount', 'lines'],
  additionalProperties: false,
  properties: {
    amount: { type: 'number' },
    currency: { enum: ['EUR', 'USD'] },
    lines: { type: 'array', items: { $ref: '#/$defs/line' } },
    at: { type: 'array', prefixItems: [{ type: 'number' }, { type: 'number' }], items: false, minItems: 2 },
  },
  $defs: { line: { type: 'object', required: ['sku'], properties: { sku: { type: 'string' }, of: { $ref: '#/$defs/line' } } } },
};

let folder: TempDir;
beforeAll(async () => {
  folder = await tempDir('generated-types');
});
afterAll(() => folder.remove());

const write = (name: string, text: string): Promise<void> => writeFile(join(folder.path, name), text);

/** What a program said; empty where it found nothing. */
async function complaintsOf(program: string, args: readonly string[]): Promise<string> {
  try {
    await promisify(execFile)(program, [...args], { cwd: folder.path, maxBuffer: 64 * 1024 * 1024 });
    return '';
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as { stdout?: string; stderr?: string; message: string };
    return (stdout + stderr || message).slice(0, 4_000);
  }
}

describe('generated TypeScript', () => {
  it('compiles under strict options whatever a schema says, and takes every value that the schema takes', async () => {
    let count = 0;
    for (const one of cases) {
      const values = one.values.map((value, index) => `export const value${index}: HostileOneData = ${JSON.stringify(value)};`);
      count += values.length;
      await write(`case-${one.seed}.ts`, `${writeTypeScript(typed(one))}\n${values.join('\n')}\n`);
    }
    await write('tsconfig.json', JSON.stringify({ compilerOptions: OPTIONS, include: ['*.ts'] }));
    expect(await complaintsOf(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', folder.path])).toBe('');
    expect(count).toBeGreaterThan(500);
  }, 120_000);

  it('refuses what the schema refuses, where a type can tell', async () => {
    const wrong = [
      '{ lines: [] }',
      '{ amount: "1", lines: [] }',
      '{ amount: 1, lines: [], currency: "GBP" }',
      '{ amount: 1, lines: [], more: 1 }',
      '{ amount: 1, lines: [{}] }',
      '{ amount: 1, lines: [{ sku: "a", of: { sku: 1 } }] }',
      '{ amount: 1, lines: [], at: [1] }',
      '{ amount: 1, lines: [], at: [1, 2, 3] }',
    ].map((value, index) => `// @ts-expect-error\nexport const value${index}: OrderPlacedData = ${value};`);
    const event = 'export const known: (event: OrderPlacedEvent) => [string, number] = (event) => [event.knowntime, event.data.amount];';
    const text = writeTypeScript({ eventType: 'order.placed', version: 1, schema: order });
    await write('order.ts', [text, ...wrong, event].join('\n'));
    await write('tsconfig.order.json', JSON.stringify({ compilerOptions: OPTIONS, include: ['order.ts'] }));
    const args = [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', join(folder.path, 'tsconfig.order.json')];
    expect(await complaintsOf(process.execPath, args)).toBe('');
  }, 60_000);
});

describe('generated Python', () => {
  it('passes mypy --strict as Python 3.10, and every value that a schema takes is of its type at run time', async () => {
    const some = cases.slice(0, 60);
    for (const one of some) await write(`case_${one.seed}.py`, writePython(typed(one)));
    await write('order_placed.py', writePython({ eventType: 'order.placed', version: 1, schema: order }));
    const told = some.flatMap(({ seed, values }) => values.map((value) => [`case_${seed}`, 'HostileOneData', value]));
    const known = [['order_placed', 'OrderPlacedData', { amount: 1, lines: [{ sku: 'a', of: { sku: 'b' } }], at: [1, 2.5] }]];
    await write('cases.json', JSON.stringify([...told, ...known]));
    const files = [...some.map(({ seed }) => `case_${seed}.py`), 'order_placed.py'];
    const mypy = ['-m', 'mypy', '--strict', '--python-version', '3.10', '--cache-dir', join(folder.path, 'mypy'), ...files];
    expect(await complaintsOf(PYTHON, mypy)).toBe('');
    expect(await complaintsOf(PYTHON, [join(import.meta.dirname, 'check_values.py'), folder.path])).toBe('');
    expect(told.length).toBeGreaterThan(200);
  }, 180_000);

  it('tells what is wrong in the code of its readers', async () => {
    await write('orders.py', writePython({ eventType: 'order.placed', version: 1, schema: order }));
    const reader = `from orders import OrderPlacedData, OrderPlacedEvent

def first(event: OrderPlacedEvent) -> str:
    data: OrderPlacedData = event["data"]
    return data["lines"][0]["sku"]

def wrong(data: OrderPlacedData) -> None:
    data["amont"]
    data["currency"] = "GBP"
    total: str = data["amount"]
`;
    await write('reader.py', reader);
    const said = await complaintsOf(PYTHON, ['-m', 'mypy', '--strict', '--cache-dir', join(folder.path, 'mypy'), 'reader.py']);
    expect(said.match(/reader\.py:\d+: error/g)).toEqual(['reader.py:8: error', 'reader.py:9: error', 'reader.py:10: error']);
  }, 60_000);
});
