/**
 * Records client.json: Feast's own client asks the running service. With `feast==0.67.*` installed in a virtual environment:
 * `node --import ./register.mjs services/features/test/feast/record.ts <its python>`
 */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { tempDir } from '@roofshot/testing/temp-dir';
import { startGround } from './feast-ground.ts';

const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
/** Importing Feast takes a slow machine half a minute. */
const LONGEST_MS = 300_000;

async function record(python: string): Promise<void> {
  const harness = await startGround();
  const folder = await tempDir('feast');
  try {
    const client = [fileOf('record.py'), harness.url];
    const { stdout } = await promisify(execFile)(python, client, { cwd: folder.path, timeout: LONGEST_MS });
    writeFileSync(fileOf('client.json'), `${stdout}\n`);
  } finally {
    await folder.remove();
    await harness.stop();
  }
}

const [python = 'python3'] = process.argv.slice(2);
await record(python);
