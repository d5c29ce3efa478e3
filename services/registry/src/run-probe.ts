/** The admission probe as a child process with limits: memory and processor time by the kernel, wall time by us. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { ProbeOrder } from './admission-probe.ts';
import { validatorOf } from '@roofshot/contracts/validate';
import { Type } from 'typebox';
import { shorten } from './checks.ts';
import type { Check } from './version-store.ts';

export interface ProbeLimits {
  /** Private writable memory of the process (RLIMIT_DATA), MiB. Node itself needs some 700 of it, mostly reserved and unused. */
  readonly maxMemoryMb: number;
  /** Wall and processor seconds. */
  readonly maxSeconds: number;
  /** Milliseconds that opening the file, and one run of the model, may take. */
  readonly maxLoadMs: number;
  readonly maxRunMs: number;
}

const PROBE = fileURLToPath(new URL('./admission-probe.ts', import.meta.url));
const LOADER = pathToFileURL(fileURLToPath(new URL('../../../register.mjs', import.meta.url))).href;
const MAX_OUTPUT = 64 * 1024;

/** Always answers checks: a probe that dies, hangs or asks for too much is a refusal with its reason. */
export async function runProbe(file: Pick<ProbeOrder, 'path' | 'signature'>, limits: ProbeLimits): Promise<readonly Check[]> {
  const folder = await mkdtemp(join(tmpdir(), 'roofshot-admission-'));
  const { maxLoadMs, maxRunMs } = limits;
  try {
    const ended = await runChild({ ...file, maxLoadMs, maxRunMs }, limits, folder);
    return readChecks(ended) ?? [{ name: 'limits', passed: false, detail: describeEnd(ended, limits) }];
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
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output = (output + chunk).slice(0, MAX_OUTPUT)));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (complaint = (complaint + chunk).slice(-4096)));
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

const ProbeAnswer = Type.Array(Type.Object({ name: Type.String(), passed: Type.Boolean(), detail: Type.String() }), { minItems: 1 });

/** Undefined: it did not come to its end, or said something else (the library that opens files writes to the same output). */
function readChecks({ code, output }: Ended): readonly Check[] | undefined {
  if (code !== 0) return undefined;
  try {
    const answer: unknown = JSON.parse(output);
    return validatorOf(ProbeAnswer).check(answer) ? (answer as Check[]) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function describeEnd({ code, signal, complaint, isLate }: Ended, { maxSeconds, maxMemoryMb }: ProbeLimits): string {
  if (isLate) return `Opening and asking it took longer than ${maxSeconds} s.`;
  const end = code === 0 ? 'without checks that can be read' : `(${signal ?? `exit code ${code}`})`;
  const lastWords = complaint.trim().split('\n').at(-1) ?? '';
  return shorten(`The process that opened it ended ${end} within ${maxMemoryMb} MB: ${lastWords}`);
}
