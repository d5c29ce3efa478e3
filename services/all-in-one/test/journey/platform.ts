/** The platform as its user starts it, and as the world ends it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const PORTS = ['INGESTION', 'FEATURES', 'TRAINING', 'REGISTRY', 'SERVING', 'EXPERIMENTS'].map((name) => [`${name}_PORT`, '0']);

export class TestPlatform {
  readonly data: string;
  url = '';
  #child: ChildProcess | undefined;

  /** `data`: its folder, which survives every end. */
  constructor(data: string) {
    this.data = data;
  }

  async start(): Promise<void> {
    const args = [
      '--import',
      pathToFileURL(join(ROOT, 'register.mjs')).href,
      join(ROOT, 'services/all-in-one/src/main.ts'),
      '--port',
      '0',
      '--json',
    ];
    const env = {
      ...process.env,
      ...Object.fromEntries(PORTS),
      DATA_DIR: this.data,
      LOG_FILE: join(this.data, 'platform.log'),
      NODE_OPTIONS: '',
    };
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'], cwd: ROOT });
    this.#child = child;
    let complaint = '';
    child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
    child.stderr.pipe(createWriteStream(join(this.data, 'platform.err'), { flags: 'a' }));
    this.url = await Promise.race([
      readUrl(child),
      once(child, 'exit').then(([code]) =>
        Promise.reject(new Error(`The platform ended (${String(code)}) before it was ready: ${complaint}`)),
      ),
    ]);
  }

  /** kill -9: nothing of the process runs any more; its PostgreSQL is left behind. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }
}

async function readUrl(child: ChildProcess): Promise<string> {
  let text = '';
  for await (const chunk of child.stdout ?? []) {
    text += String(chunk);
    const line = text.split('\n').find((one) => one.includes('"ready":true'));
    if (line !== undefined) return (JSON.parse(line) as { url: string }).url;
  }
  throw new Error(`The platform closed its output before it was ready: ${text}`);
}
