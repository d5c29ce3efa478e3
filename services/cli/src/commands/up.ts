/** `roofshot up`: the whole platform in the foreground. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { explainFault } from '@roofshot/storage/folder-faults';
import { makeFolder } from '@roofshot/storage/make-folder';
import { EXIT, Exit, type ExitCode } from '../exit-codes.ts';
import { portsFrom } from '../ports.ts';
import { text, type CommandLine } from './command.ts';

/** glibc keeps a heap per thread, and most of what the many threads of the libraries below free stays in theirs: 100 MB less with two. */
const MALLOC_ARENA_MAX = '2';

/** Young space in MiB: the default doubles the memory of a process that makes much garbage, and gains little. */
const HEAP = ['--max-semi-space-size=16'];

/** With room for the services' behind it. */
const HIGHEST_PORT = 65_529;

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

export const up: CommandLine = {
  name: 'up',
  usage: 'up [--data DIR] [--port 4100] [--services a,b]',
  summary: 'run the platform here; ends on Ctrl-C, keeps its data; the services are at the ports after --port (0: free ones)',
  options: { data: { type: 'string' }, port: { type: 'string' }, services: { type: 'string' } },
  run: async (invocation) => {
    const data = resolve(text(invocation, 'data') ?? 'data');
    const port = text(invocation, 'port');
    checkPort(port);
    const passed = ['port', 'services'].flatMap((option) => {
      const value = text(invocation, option);
      return value === undefined ? [] : [`--${option}`, value];
    });
    return runForeground([...passed, ...(invocation.json ? ['--json'] : [])], {
      ...(port === undefined ? {} : portVariables(Number(port))),
      ...(await environmentFor(data)),
    });
  },
};

function checkPort(port: string | undefined): void {
  if (port === undefined || (/^\d+$/.test(port) && Number(port) <= HIGHEST_PORT)) return;
  throw new Exit(EXIT.usage, `--port takes a number from 0 (free ports) to ${HIGHEST_PORT}, and ${JSON.stringify(port)} is none.`);
}

/** A service whose own variable is set stays where that says. */
function portVariables(gateway: number): NodeJS.ProcessEnv {
  return Object.fromEntries(portsFrom(gateway).flatMap(({ port, variable }) => (variable === undefined ? [] : [[variable, String(port)]])));
}

/** Logs go to a file, so that the terminal shows where the doors are; LOG_FILE names another one. */
async function environmentFor(data: string): Promise<NodeJS.ProcessEnv> {
  const logFile = process.env['LOG_FILE'] ?? join(data, 'logs', 'roofshot.log');
  try {
    await makeFolder(join(data, 'logs'));
  } catch (error) {
    const explained = explainFault(error, data);
    const reason =
      explained === error ? `The data folder ${data} cannot be made: ${(error as Error).message}.` : (explained as Error).message;
    throw new Exit(EXIT.fault, `${reason} Nothing was started; --data DIR names another folder.`, { cause: error });
  }
  return { MALLOC_ARENA_MAX, ...process.env, DATA_DIR: data, LOG_FILE: logFile };
}

async function runForeground(args: readonly string[], env: NodeJS.ProcessEnv): Promise<ExitCode> {
  const main = join(ROOT, 'services/all-in-one/src/main.ts');
  const child = spawn(process.execPath, [...HEAP, '--import', pathToFileURL(join(ROOT, 'register.mjs')).href, main, ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env,
  });
  const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, forward);
  // A terminal sends Ctrl-C to the child itself; a second one would cut its orderly end short.
  process.on('SIGINT', process.stdin.isTTY ? () => undefined : forward);
  process.once('disconnect', () => child.kill('SIGTERM')); // the command was killed: nobody could end the platform any more
  process.channel?.unref();
  const [code] = (await once(child, 'exit')) as [number | null];
  return code === 0 ? EXIT.ok : EXIT.fault;
}
