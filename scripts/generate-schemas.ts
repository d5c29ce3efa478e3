/**
 * Writes contracts/schemas/*.json and contracts/asyncapi.yaml from the contracts.
 * `node --import ./register.mjs scripts/generate-schemas.ts [--check]`: with --check nothing is written
 * and a difference is an error, so that a contract change is always a visible diff.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { contractFiles } from './contract-files.ts';

const CONTRACTS = join(dirname(fileURLToPath(import.meta.url)), '..', 'contracts');

/** Paths, relative to contracts/, whose checked-in text differs from what the contracts say now. */
export function staleFiles(root: string = CONTRACTS): string[] {
  const wanted = contractFiles();
  const stale = [...wanted].filter(([path, text]) => read(join(root, path)) !== text).map(([path]) => path);
  const extra = readdirSync(join(root, 'schemas'))
    .map((name) => `schemas/${name}`)
    .filter((path) => !wanted.has(path));
  return [...stale, ...extra];
}

function read(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

function writeAll(): void {
  rmSync(join(CONTRACTS, 'schemas'), { recursive: true, force: true });
  mkdirSync(join(CONTRACTS, 'schemas'), { recursive: true });
  for (const [path, text] of contractFiles()) writeFileSync(join(CONTRACTS, path), text);
}

function main(): void {
  if (!process.argv.includes('--check')) {
    writeAll();
    return;
  }
  const stale = staleFiles();
  if (stale.length === 0) return;
  process.stderr.write(`Stale: ${stale.join(', ')}. Run \`npm run generate\` and review the difference.\n`);
  process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
