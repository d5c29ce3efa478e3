/** @jest-environment @roofshot/testing/jest-environment */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ADMITTED_ROWS } from '@roofshot/contracts/models';
import { tempDir } from '@roofshot/testing/temp-dir';
import { isProbability, OnnxSession } from './onnx-session.ts';

const REGISTER = new URL('../../../../register.mjs', import.meta.url).href;
const SESSION = new URL('./onnx-session.ts', import.meta.url).href;
const modelAt = (name: string): string => fileURLToPath(new URL(`../../test/models/${name}.onnx`, import.meta.url));
const MODEL = modelAt('timetable');
/** Where the compiler of our sources keeps its own binary. */
const COMPILER_CACHE = /^home\/\.cache($|\/swc-)/;
const SIGNATURE = {
  inputs: ['hour', 'distance'].map((name) => ({ name, dtype: 'float' })),
  output: { name: 'probabilities', dtype: 'float', meaning: 'probability of late' },
};

describe('a session', () => {
  const use = async <T>(name: string, work: (session: OnnxSession) => Promise<T>): Promise<T> => {
    const session = await OnnxSession.load(modelAt(name), SIGNATURE);
    return work(session).finally(() => session.release());
  };

  test('is asked only numbers of rows that admission has asked, and answers each row in its place', async () => {
    await use('census', async (session) => {
      for (const rows of [1, 2, 3, 16, 17, 31, 100, 999, 1_000, 1_024, 1_025, 3_000]) {
        const own = Float32Array.from({ length: rows }, (_, row) => row / 10_000);
        const scores = await session.score(
          Float32Array.from({ length: 2 * rows }, (_, i) => own[i >> 1] as number),
          rows,
        );
        const askedAtOnce = scores.map((score, row) => Math.round((score - (own[row] as number)) * 10_000));
        expect([...new Set(askedAtOnce)].filter((count) => !ADMITTED_ROWS.includes(count))).toEqual([]);
        expect(scores).toHaveLength(rows);
      }
    });
  });

  test('lets others have their turn between the parts of a large question', async () => {
    await use('census', async (session) => {
      let [turns, isAsking] = [0, true];
      const turn = (): void => {
        turns += 1;
        if (isAsking) setImmediate(turn);
      };
      setImmediate(turn);
      const rows = 1_024 * 50;
      await session.score(new Float32Array(2 * rows), rows);
      isAsking = false;
      expect(turns).toBeGreaterThanOrEqual(50);
    });
  });

  test('takes what rounding has put beyond 0 and 1 for 0 and 1, and nothing else', async () => {
    await use('plain', async (session) => {
      const asked = [0.5, 1, 1 + 2e-7, -2e-7, 1.01, -0.01, NaN];
      const scores = await session.score(Float32Array.from(asked.flatMap((p) => [p, 0])), asked.length);
      expect([...scores.slice(0, 4)]).toEqual([0.5, 1, 1, 0]);
      expect([...scores.slice(4)].some((score) => isProbability(score))).toBe(false);
    });
  });
});

test('a process of ours that loads a model makes no file outside of what it was given', async () => {
  const folder = await tempDir('telemetry');
  const [home, temp] = [join(folder.path, 'home'), join(folder.path, 'tmp')];
  await Promise.all([home, temp].map((path) => mkdir(path)));
  const program = `
    import { OnnxSession } from ${JSON.stringify(SESSION)};
    const session = await OnnxSession.load(${JSON.stringify(MODEL)}, ${JSON.stringify(SIGNATURE)});
    await session.score(new Float32Array(2), 1);
    await session.release();`;
  await promisify(execFile)(process.execPath, ['--import', REGISTER, '--input-type=module', '-e', program], {
    cwd: folder.path,
    env: { HOME: home, TMPDIR: temp },
  });
  const made = (readdirSync(folder.path, { recursive: true }) as string[]).filter((path) => !COMPILER_CACHE.test(path));
  expect(made.sort()).toEqual(['home', 'tmp']);
  await folder.remove();
});

test('neither does a process that runs tests', async () => {
  // A log that the library would make beside its upload; an earlier process may have had this number.
  const log = join(tmpdir(), `mat-debug-${process.pid}.log`);
  await rm(log, { force: true });
  const session = await OnnxSession.load(MODEL, SIGNATURE);
  await session.release();
  expect(existsSync(log)).toBe(false);
});
