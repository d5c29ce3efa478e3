/** @jest-environment @roofshot/testing/jest-environment */
/** The runtime that models run in writes nothing and reports nothing of its own. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { tempDir } from '@roofshot/testing/temp-dir';
import { OnnxSession } from './onnx-session.ts';

const REGISTER = new URL('../../../../register.mjs', import.meta.url).href;
const SESSION = new URL('./onnx-session.ts', import.meta.url).href;
const MODEL = fileURLToPath(new URL('../../test/models/timetable.onnx', import.meta.url));
/** Where the compiler of our sources keeps its own binary. */
const COMPILER_CACHE = /^home\/\.cache($|\/swc-)/;
const SIGNATURE = {
  inputs: ['hour', 'distance'].map((name) => ({ name, dtype: 'float' })),
  output: { name: 'probabilities', dtype: 'float', meaning: 'probability of late' },
};

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
