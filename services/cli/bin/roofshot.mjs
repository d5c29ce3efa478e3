#!/usr/bin/env node
// The `roofshot` command. Runs on the Node that npm put into node_modules/.bin (24), whatever started this file.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const node = join(root, 'node_modules', '.bin', 'node');
if (!existsSync(node)) {
  process.stderr.write('roofshot: not set up yet. Run `npm run bootstrap` in the repository first.\n');
  process.exit(1);
}
const child = spawn(
  node,
  [
    '--max-semi-space-size=2', // MiB: `up` lives as long as the platform and does nothing
    '--import',
    pathToFileURL(join(root, 'register.mjs')).href,
    join(root, 'services/cli/src/main.ts'),
    ...process.argv.slice(2),
  ],
  // The channel says nothing; it breaks when this process is killed, and then `up` ends in order what it has started.
  { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] },
);
// npx neither passes signals on nor tells that it ends: without it nobody is left who could stop the platform.
if (process.env['npm_command'] === 'exec') {
  const parent = process.ppid;
  setInterval(() => process.ppid === parent || child.kill('SIGTERM'), 1_000).unref();
}
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
// A terminal sends Ctrl-C to the child itself; a second one would cut its orderly end short.
process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
child.on('error', (error) => {
  process.stderr.write(`roofshot: cannot start ${node}: ${error.message}\n`);
  process.exit(1);
});
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)));
