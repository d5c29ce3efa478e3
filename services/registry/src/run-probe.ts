/** The admission probe as a child process with limits: memory and processor time by the kernel, wall time by us. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { ProbeOrder } from './admission-probe.ts';
import type { Check } from './version-store.ts';

export interface ProbeLimits {
  /** Private writable memory of the process (RLIMIT_DATA), MiB. Node itself needs some 700 of it, mostly reserved and unused. */
  readonly maxMemoryMb: number;
  /** Wall and processor seconds. */
  readonly maxSeconds: number;
}

const PROBE = fileURLToPath(new URL('./admission-probe.ts', import.meta.url));
const LOADER = pathToFileURL(fileURLToPath(new URL('../../../register.mjs', import.meta.url))).href;
const MAX_OUTPUT = 64 * 1024;

/** Always answers checks: a probe that dies, hangs or asks for too much is a refusal with its reason. */
export async function runProbe(order: ProbeOrder, limits: ProbeLimits): Promise<Check[]> {
  const folder = await mkdtemp(join(tmpdir(), 'roofshot-admission-'));
  try {
    const ended = await runChild(order, limits, folder);
    return checksOf(ended, limits);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
  readonly complaint: string;
  readonly isLate: boolean;
}

function runChild(order: ProbeOrder, { maxMemoryMb, maxSeconds }: ProbeLimits, folder: string): Promise<Ended> {
  const script = `ulimit -c 0; ulimit -d ${maxMemoryMb * 1024}; ulimit -t ${maxSeconds + 1}; exec "$0" --import "$1" "$2"`;
  const child = spawn('/bin/sh', ['-c', script, process.execPath, LOADER, PROBE], {
    cwd: folder,
    env: {},
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  return new Promise((resolve, reject) => {
    let [output, complaint, isLate] = ['', '', false];
    const timer = setTimeout(() => {
      isLate = true;
      child.kill('SIGKILL');
    }, maxSeconds * 1000);
    child.stdout.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(0, MAX_OUTPUT)));
    child.stderr.on('data', (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(-4096)));
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, output, complaint, isLate });
    });
    // A child that died before it read its order is told by its exit code.
    child.stdin.on('error', () => child.stdin.destroy());
    child.stdin.end(JSON.stringify(order));
  });
}

function checksOf({ code, signal, output, complaint, isLate }: Ended, { maxSeconds, maxMemoryMb }: ProbeLimits): Check[] {
  if (code === 0) return JSON.parse(output) as Check[];
  if (isLate) return [{ name: 'limits', passed: false, detail: `Opening and asking it took longer than ${maxSeconds} s.` }];
  const end = signal === null ? `exit code ${code}` : signal;
  const lastWords = complaint.trim().split('\n').at(-1) ?? '';
  return [
    {
      name: 'limits',
      passed: false,
      detail: `The process that opened it ended (${end}) within ${maxMemoryMb} MB: ${lastWords.slice(0, 300)}`,
    },
  ];
}
