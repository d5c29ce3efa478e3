import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@roofshot/testing/eventually';
import { readTally } from './results.ts';
import { runJest } from './run-jest.ts';
import { tallyJest } from './tally.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'run jest-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function runTest(source: string): Promise<{ code: number; passed: number; failed: number }> {
  writeFileSync(join(folder, 'a.test.ts'), source);
  const results = join(folder, 'results', 'a.json');
  const code = await runJest(['--runInBand'], { folders: [folder], results, afterResultsMs: 500, output: 'ignore' });
  return { code, ...readTally(results, tallyJest) };
}

describe('a run of jest', () => {
  it('tells what passed and what failed', async () => {
    const source = `test('holds', () => { expect(1).toBe(1); });\ntest('does not', () => { expect(1).toBe(2); });`;
    expect(await runTest(source)).toMatchObject({ code: 1, passed: 1, failed: 1 });
  });

  it('counts a file that cannot be loaded as a failure', async () => {
    expect(await runTest(`import './no-such-file.ts';\ntest('x', () => { expect(1).toBe(1); });`)).toMatchObject({
      code: 1,
      passed: 0,
      failed: 1,
    });
  });

  it('is ended, and fails, when a test left something open', async () => {
    const source = `import { createServer } from 'node:net';\ntest('x', () => { expect(createServer().listen(0)).toBeDefined(); });`;
    expect(await runTest(source)).toMatchObject({ code: 1, passed: 1 });
  });

  it('leaves none of the processes behind that its tests started', async () => {
    const pidFile = join(folder, 'pid');
    const script = `require('fs').writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); setInterval(() => {}, 1000)`;
    const source = `import { spawn } from 'node:child_process';
      import { existsSync } from 'node:fs';
      test('x', async () => {
        spawn(process.execPath, ['-e', ${JSON.stringify(script)}], { stdio: 'ignore' }).unref();
        while (!existsSync(${JSON.stringify(pidFile)})) await new Promise(setImmediate);
        expect(1).toBe(1);
      });`;
    expect(await runTest(source)).toMatchObject({ code: 0, passed: 1, failed: 0 });
    const left = `/proc/${readFileSync(pidFile, 'utf8')}`;
    await eventually(() => !existsSync(left), { deadlineMs: 5_000, describe: 'the end of the process' });
  });
});
