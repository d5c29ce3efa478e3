/** `roofshot doctor`: is this machine able to run the platform, and if not, what to do. */
import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { EXIT } from '../exit-codes.ts';
import { out, printJson } from '../print.ts';
import { text, type CommandLine } from './command.ts';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const PORTS = [4100, 4101, 4102, 4103, 4104, 4105, 4106];
const NEEDED_GB = 2;

interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly found: string;
  /** What to do; empty when it is well. */
  readonly remedy: string;
}

export const doctor: CommandLine = {
  name: 'doctor',
  usage: 'doctor [--data DIR]',
  summary: 'check this machine: Node, Python, data folder, disk, ports',
  options: { data: { type: 'string' } },
  run: async (invocation) => {
    const data = resolve(text(invocation, 'data') ?? 'data');
    const findings = [node(), await python(), dataFolder(data), disk(existing(data)), ...(await Promise.all(PORTS.map(port)))];
    if (invocation.json) printJson(findings);
    else
      for (const { check, ok, found, remedy } of findings)
        out(`${ok ? 'ok  ' : 'FAIL'} ${check}: ${found}${remedy === '' ? '' : `. ${remedy}`}`);
    return findings.every(({ ok }) => ok) ? EXIT.ok : EXIT.fault;
  },
};

function node(): Finding {
  const major = Number(process.versions.node.split('.')[0]);
  const ok = major >= 22;
  return { check: 'Node', ok, found: process.version, remedy: ok ? '' : 'Run `npm run bootstrap`: it brings Node 24 along.' };
}

async function python(): Promise<Finding> {
  const path = join(ROOT, '.venv', 'bin', 'python');
  const check = 'Python for trainers';
  try {
    const { stdout } = await promisify(execFile)(path, ['-c', 'import sys, sklearn, lightgbm, onnx; print(sys.version.split()[0])']);
    return { check, ok: true, found: stdout.trim(), remedy: '' };
  } catch (error) {
    const found = (error as Error).message.split('\n').at(0) ?? '';
    return { check, ok: false, found, remedy: 'Run `npm run bootstrap -- --only python`.' };
  }
}

/** The folder itself, or the nearest above it that is there. */
const existing = (folder: string): string => (existsSync(folder) ? folder : existing(dirname(folder)));

function dataFolder(data: string): Finding {
  const check = 'data folder';
  try {
    accessSync(existing(data), constants.W_OK | constants.X_OK);
    return { check, ok: true, found: `${data} can be written`, remedy: '' };
  } catch (error) {
    const remedy = 'Give this user the right to write there, or name another folder with --data.';
    return { check, ok: false, found: (error as Error).message, remedy };
  }
}

function disk(folder: string): Finding {
  const { bavail, bsize } = statfsSync(folder);
  const free = (bavail * bsize) / 1e9;
  const ok = free >= NEEDED_GB;
  return {
    check: 'free disk',
    ok,
    found: `${free.toFixed(1)} GB`,
    remedy: ok ? '' : `At least ${NEEDED_GB} GB are needed: free some, or use --data on another disk.`,
  };
}

function port(number: number): Promise<Finding> {
  const check = `port ${number}`;
  return new Promise((answer) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      const remedy = 'A platform may be running already (`roofshot status`); else end what holds it, or set another port.';
      answer({ check, ok: false, found: error.code ?? error.message, remedy });
    });
    server.listen(number, '127.0.0.1', () => server.close(() => answer({ check, ok: true, found: 'free', remedy: '' })));
  });
}
