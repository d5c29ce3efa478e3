/** `roofshot up`: the whole platform in the foreground. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { EXIT, Exit, type ExitCode } from '../exit-codes.ts';
import { text, type CommandLine } from './command.ts';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

export const up: CommandLine = {
  name: 'up',
  usage: 'up [--data DIR] [--port 4100] [--services a,b]',
  summary: 'run the platform here; ends on Ctrl-C, keeps its data',
  options: { data: { type: 'string' }, port: { type: 'string' }, services: { type: 'string' } },
  run: async (invocation) => {
    const data = resolve(text(invocation, 'data') ?? 'data');
    const passed = ['port', 'services'].flatMap((option) => {
      const value = text(invocation, option);
      return value === undefined ? [] : [`--${option}`, value];
    });
    return runForeground([...passed, ...(invocation.json ? ['--json'] : [])], environmentFor(data));
  },
};

/** Logs go to a file, so that the terminal shows where the doors are; LOG_FILE names another one. */
function environmentFor(data: string): NodeJS.ProcessEnv {
  const logFile = process.env['LOG_FILE'] ?? join(data, 'logs', 'roofshot.log');
  try {
    mkdirSync(join(data, 'logs'), { recursive: true });
  } catch (error) {
    throw new Exit(
      EXIT.fault,
      `The data folder ${data} cannot be written: ${(error as Error).message}. Name another one with --data DIR.`,
      { cause: error },
    );
  }
  return { ...process.env, DATA_DIR: data, LOG_FILE: logFile };
}

async function runForeground(args: readonly string[], env: NodeJS.ProcessEnv): Promise<ExitCode> {
  const main = join(ROOT, 'services/all-in-one/src/main.ts');
  const child = spawn(process.execPath, ['--import', pathToFileURL(join(ROOT, 'register.mjs')).href, main, ...args], {
    stdio: 'inherit',
    env,
  });
  const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, forward);
  // A terminal sends Ctrl-C to the child itself; a second one would cut its orderly end short.
  process.on('SIGINT', process.stdin.isTTY ? () => undefined : forward);
  const [code] = (await once(child, 'exit')) as [number | null];
  return code === 0 ? EXIT.ok : EXIT.fault;
}
