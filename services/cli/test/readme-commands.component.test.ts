/** The commands of ingestion's README, as somebody pastes them, and the answers that stand below them. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { installAsRoot } from '@roofshot/testing/debian';
import { findProgram } from '@roofshot/testing/run-command';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import { startPlatform, type Platform } from './cli-lab.ts';

const README = fileURLToPath(new URL('../../ingestion/README.md', import.meta.url));
const BIN = fileURLToPath(new URL('../bin/roofshot.mjs', import.meta.url));

let folder: TempDir;
let platform: Platform;
beforeAll(async () => {
  if (findProgram('curl') === undefined) await installAsRoot(['curl']);
  folder = await tempDir('cli-readme');
  platform = await startPlatform(join(folder.path, 'data'));
}, 180_000);
afterAll(async () => {
  await platform.stop();
  await folder.remove();
}, 60_000);

/** Of one section, with what its text says right before each. */
async function blocksOf(section: string): Promise<string[]> {
  const [, text = ''] = (await readFile(README, 'utf8')).split(`\n## ${section}\n`);
  const [own = ''] = text.split('\n## ');
  return [...own.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block);
}

async function paste(block: string): Promise<string[]> {
  const here = block.replaceAll('localhost:4100', new URL(platform.url).host).replaceAll('npx roofshot', `"${process.execPath}" "${BIN}"`);
  const env = { ...process.env, ROOFSHOT_URL: platform.url };
  const { stdout } = await promisify(execFile)('bash', ['-ec', here], { cwd: folder.path, env });
  return stdout.split(/\r?\n/);
}

/** A line that is indented goes on with the one before. */
function answersIn(block: string): string[] {
  const lines = block.split('\n').flatMap((line) => (line.startsWith('# ') ? [line.slice(2)] : []));
  const whole = lines.join('\n').replaceAll('\n ', '');
  return whole.split('\n').filter((line) => line !== '');
}

/** `…` stands for anything. */
function isAnswer(line: string, answer: string): boolean {
  const [first = '', ...others] = answer.split('…');
  let rest = line.startsWith(first) ? line.slice(first.length) : undefined;
  for (const part of others) {
    const at = rest?.lastIndexOf(part) ?? -1;
    rest = at < 0 ? undefined : rest?.slice(at + part.length);
  }
  return rest === '';
}

test('of sending events are answered as it says', async () => {
  const blocks = await blocksOf('Sending events');
  expect(blocks.flatMap(answersIn)).toHaveLength(12);
  for (const block of blocks) {
    const said = await paste(block);
    const missing = answersIn(block).filter((answer) => !said.some((line) => isAnswer(line, answer)));
    expect({ block, said, missing }).toMatchObject({ missing: [] });
  }
}, 30_000);
