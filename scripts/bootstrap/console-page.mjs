import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { EXIT, Fault } from './fault.mjs';
import { BIN, ROOT, WORK } from './paths.mjs';
import { machinePath, runLogged } from './processes.mjs';

const CONSOLE = join(ROOT, 'services', 'console');
/** What the page is made of besides its own files: a new Vite or React makes another page. */
const LOCK = join(ROOT, 'package-lock.json');
/** Inside the built folder, so that a page which was deleted or half built is built again. */
const STAMP = join(CONSOLE, 'dist', 'built-from.txt');

/** True when the console's page was built from the sources that are there; also where there is no console. */
export function consolePageIsCurrent() {
  if (!existsSync(join(CONSOLE, 'index.html'))) return true;
  return existsSync(STAMP) && readFileSync(STAMP, 'utf8') === fingerprint();
}

/** Builds the page into services/console/dist. */
export async function buildConsolePage() {
  mkdirSync(WORK, { recursive: true });
  const log = join(WORK, 'console.log');
  const built = fingerprint();
  const env = { ...process.env, PATH: [BIN, machinePath()].join(delimiter), NODE_ENV: 'production' };
  const { ok, output } = await runLogged([join(BIN, 'vite'), 'build', '--logLevel', 'warn'], { cwd: CONSOLE, log, env });
  if (!ok) {
    throw new Fault(
      EXIT.console,
      `the console's page could not be built: ${lastLines(output)}`,
      `correct what vite names (all it said is in ${log}) and try again; when the sources are unchanged, delete node_modules`,
    );
  }
  writeFileSync(STAMP, built);
}

/** Of names and contents of all sources, tests left out. */
function fingerprint() {
  const hash = createHash('sha256').update(readFileSync(LOCK));
  for (const file of sources()) hash.update(`\n${file}\n`).update(readFileSync(join(CONSOLE, file)));
  return hash.digest('hex');
}

function sources() {
  const files = readdirSync(join(CONSOLE, 'src'), { recursive: true, encoding: 'utf8' });
  const code = files.filter((file) => /\.(tsx?|css)$/.test(file) && !file.endsWith('.test.ts')).map((file) => join('src', file));
  return ['index.html', 'vite.config.ts', 'tsconfig.json', ...code.sort()];
}

/** @param {string} output */
function lastLines(output) {
  return output.trim().split('\n').slice(-5).join('\n');
}
