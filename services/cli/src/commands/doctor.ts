/** `roofshot doctor`: is this machine able to run the platform, and if not, what to do. */
import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { EXIT } from '../exit-codes.ts';
import { out, printJson } from '../print.ts';
import { holderOfPort } from '@roofshot/runtime/port-holder';
import { GATEWAY_PORT, portsFrom } from '../ports.ts';
import { numberOf, text, type CommandLine } from './command.ts';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
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
  usage: 'doctor [--data DIR] [--port 4100]',
  summary: 'check this machine: Node, Python, data folder, disk, ports',
  options: { data: { type: 'string' }, port: { type: 'string' } },
  run: async (invocation) => {
    const data = resolve(text(invocation, 'data') ?? 'data');
    const findings = [
      node(),
      await python(),
      dataFolder(data),
      disk(existing(data)),
      ...(await ports(numberOf(invocation, 'port', GATEWAY_PORT))),
    ];
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

/** One finding for all: they move together. */
async function ports(gateway: number): Promise<Finding[]> {
  const numbers = portsFrom(gateway).map(({ port }) => port);
  const check = `ports ${numbers[0]} to ${numbers.at(-1)}`;
  const taken = (await Promise.all(numbers.map(async (port) => ((await isFree(port)) ? [] : [port])))).flat();
  if (taken.length === 0) return [{ check, ok: true, found: 'free', remedy: '' }];
  const holders = new Set(
    await Promise.all(taken.map(async (port) => (await holderOfPort(port)) ?? 'a process that this user cannot see')),
  );
  const remedy =
    'When that is a platform of yours, all is well (`roofshot status`); else end it, or start with `roofshot up --port N`, which moves all of them.';
  return [{ check, ok: false, found: `${taken.join(', ')} held by ${[...holders].join('; ')}`, remedy }];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((answer) => {
    const server = createServer();
    server.once('error', () => answer(false));
    server.listen(port, '127.0.0.1', () => server.close(() => answer(true)));
  });
}
