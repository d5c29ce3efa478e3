/**
 * Writes what is generated: contracts/schemas, contracts/asyncapi.yaml and docs/reference from the contracts, the index template and Kibana's
 * objects in observability/ from their sources.
 * `node --import ./register.mjs scripts/generate.ts [--check]`: with --check nothing is written and a difference is an error.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GENERATED_FOLDERS, observabilityFiles } from '../observability/src/files.ts';
import { generatedContracts } from './contract-files.ts';
import { generatedReference } from './reference/kinds-page.ts';
import { staleFiles, writeFiles, type GeneratedFiles } from './generated-files.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

export const generatedObservability = (): GeneratedFiles => ({
  root: join(ROOT, 'observability'),
  files: observabilityFiles(),
  folders: GENERATED_FOLDERS,
});

function main(): void {
  const sets = [generatedContracts(), generatedReference(), generatedObservability()];
  if (!process.argv.includes('--check')) return sets.forEach(writeFiles);
  const stale = sets.flatMap(staleFiles);
  if (stale.length === 0) return;
  process.stderr.write(`Stale: ${stale.join(', ')}. Run \`npm run generate\` and review the difference.\n`);
  process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
