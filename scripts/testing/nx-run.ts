import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './run-jest.ts';

/** Nx leaves what became of each task here. */
const REPORT = join(ROOT, '.nx', 'cache', 'run.json');

export interface FinishedTask {
  project: string;
  target: string;
  ok: boolean;
  cached: boolean;
}

interface Report {
  tasks: { projectName: string; target: string; status: number; cacheStatus: string }[];
}

/**
 * Runs these targets of every package that has them, with the output of each in one piece.
 * @throws Error when Nx ended without saying what became of its tasks
 */
export async function runTargets(targets: readonly string[], env: NodeJS.ProcessEnv): Promise<FinishedTask[]> {
  rmSync(REPORT, { force: true });
  const args = ['run-many', `--targets=${targets.join(',')}`, '--outputStyle=static', '--nxBail=false'];
  const child = spawn(join(ROOT, 'node_modules', '.bin', 'nx'), args, {
    cwd: ROOT,
    env: { ...env, ...colours(), NX_DAEMON: 'false', NX_TUI: 'false', NX_NO_CLOUD: 'true', NX_ISOLATE_PLUGINS: 'false' },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const forward = (signal: NodeJS.Signals) => child.kill(signal);
  process.once('SIGINT', forward).once('SIGTERM', forward);
  await once(child, 'exit');
  process.removeListener('SIGINT', forward).removeListener('SIGTERM', forward);
  if (!existsSync(REPORT)) throw new Error('Nx ended before it ran anything; the reason is above');
  return (JSON.parse(readFileSync(REPORT, 'utf8')) as Report).tasks.map(({ projectName, target, status, cacheStatus }) => ({
    project: projectName,
    target,
    ok: status === 0,
    cached: cacheStatus !== 'cache-miss',
  }));
}

/** Nx makes its tasks write colours, also into a log, unless it is told not to. */
function colours(): NodeJS.ProcessEnv {
  return process.stdout.isTTY ? {} : { FORCE_COLOR: '0', NO_COLOR: '1' };
}
