/** What admission finds out by opening a file and asking it, in a process of its own. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import { graph, input, model, node, output } from '../test/onnx-writer.ts';
import { runProbe, type ProbeLimits } from './run-probe.ts';
import type { Check } from './version-store.ts';

const LIMITS: ProbeLimits = { maxMemoryMb: 1536, maxSeconds: 20, maxLoadMs: 10_000, maxRunMs: 10_000 };
const signature = {
  inputs: ['a', 'b'].map((name) => ({ name, dtype: 'float' })),
  output: { name: 'probabilities', dtype: 'float', meaning: 'probability of late' },
};
const fileOf = (name: string): string => fileURLToPath(new URL(`../test/models/${name}.onnx`, import.meta.url));
const probe = (name: string, limits: Partial<ProbeLimits> = {}): Promise<readonly Check[]> =>
  runProbe({ path: fileOf(name), signature }, { ...LIMITS, ...limits });
const failed = (checks: readonly Check[]): Check[] => checks.filter(({ passed }) => !passed);

describe('a model passes', () => {
  test.each(['good', 'trees', 'branches-by-rows', 'rounded'])('%s', async (name) => {
    expect(failed(await probe(name))).toEqual([]);
  });
});

describe('a model whose work nobody can bound is refused before it is run, by the operator’s name and with what to do', () => {
  test.each([
    ['loops-at-two', 'Loop', 'Unroll'],
    ['loop-in-a-branch', 'Loop', 'Unroll'],
    ['branches-by-values', 'If', 'Where'],
    ['sized-by-values', 'Expand', 'constant'],
    ['others-operator', 'Spin', 'ai.onnx.ml'],
    ['sized-in-a-function', 'Expand', 'constant'],
    ['trees-in-a-circle', 'TreeEnsembleClassifier', 'Train'],
  ])('%s', async (name, operator, remedy) => {
    const checks = failed(await probe(name));
    expect(checks.map((check) => check.name)).toEqual(['bounded']);
    expect(checks[0]?.detail).toContain(operator);
    expect(checks[0]?.detail).toContain(remedy);
  });
});

describe('a model is refused when one of the numbers of rows that serving asks', () => {
  test('needs more memory than there may be', async () => {
    const checks = failed(await probe('huge-at-three'));
    expect(checks).toHaveLength(1);
    expect(checks[0]?.detail).toMatch(/3 rows|within 1536 MB/);
  });

  test('takes longer than serving may stand still', async () => {
    expect(failed(await probe('good', { maxRunMs: 0 }))).toMatchObject([{ name: 'time', detail: expect.stringContaining('at most 0 ms') }]);
    expect(failed(await probe('good', { maxLoadMs: 0 }))).toMatchObject([
      { name: 'loads', detail: expect.stringContaining('at most 0 ms') },
    ]);
  });

  test('does not end at all', async () => {
    expect(await probe('slow', { maxSeconds: 2 })).toEqual([{ name: 'limits', passed: false, detail: expect.stringContaining('2 s') }]);
  });
});

describe('whatever a file says of itself', () => {
  let folder: TempDir;
  beforeAll(async () => {
    folder = await tempDir('probe');
  });
  afterAll(() => folder.remove());

  test('the checks stay short enough to be kept, and are a refusal', async () => {
    const long = 'ä"\\'.repeat(70_000);
    const path = join(folder.path, 'long.onnx');
    const nodes = [node('Softmax', { inputs: [long], outputs: ['probabilities'] })];
    await writeFile(path, model(graph(nodes, [2, 'g'], input(long), input('other'), output('probabilities'))));
    const checks = await runProbe({ path, signature }, LIMITS);
    expect(failed(checks).map(({ name }) => name)).toEqual(['input']);
    expect(JSON.stringify(checks).length).toBeLessThan(5_000);
  });

  test('a failed check answers', async () => {
    const path = join(folder.path, 'nonsense.onnx');
    await writeFile(path, 'not a model');
    expect(failed(await runProbe({ path, signature }, LIMITS)).map(({ name }) => name)).toEqual(['loads']);
  });
});
