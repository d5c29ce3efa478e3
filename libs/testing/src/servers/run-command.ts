import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

/** Downloads included, over a slow line. */
const LONGEST_MS = 15 * 60_000;
const OUTPUT_BYTES = 16 * 1024 * 1024;
const TAIL = 800;

/** Runs a program to its end and answers what it wrote. The error tells the command and the end of what it said. */
export async function runCommand(program: string, args: readonly string[], cwd?: string): Promise<string> {
  const options = { cwd, timeout: LONGEST_MS, maxBuffer: OUTPUT_BYTES, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  try {
    return (await promisify(execFile)(program, args, options)).stdout;
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as { stdout?: string; stderr?: string; message: string };
    const said = `${stdout}\n${stderr}`.trim().slice(-TAIL) || message;
    throw new Error(`${program} ${args.slice(0, 3).join(' ')} … failed: ${said}`, { cause: error });
  }
}

/** The full path of a program in the PATH, or in the folders where Debian keeps those for administrators. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/sbin', '/usr/local/bin'];
  return folders
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // absent, or not for this user
  }
}
