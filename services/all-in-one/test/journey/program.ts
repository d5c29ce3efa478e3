/** A program of the platform as a process of its own: started as its user starts it, and ended as the world ends it. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { eventually } from '@roofshot/testing/eventually';

const ROOT = new URL('../../../../', import.meta.url);
/** On an idle machine a start takes two seconds. */
const START_MS = 120_000;

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export interface ProgramPlan {
  readonly name: string;
  /** A TypeScript file below the root, such as services/serving/src/main.ts. */
  readonly main: string;
  readonly args?: readonly string[];
  /** All of its environment but PATH and HOME. */
  readonly env: Readonly<Record<string, string>>;
  /** What it says on its standard error is added there. */
  readonly complaints: string;
}

interface Life {
  readonly child: ChildProcess;
  readonly said: { out: string; err: string };
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
}

export class Program {
  readonly plan: ProgramPlan;
  #life: Life | undefined;

  constructor(plan: ProgramPlan) {
    this.plan = plan;
  }

  /** What this life of it has written to its standard output. */
  get output(): string {
    return this.#life?.said.out ?? '';
  }

  get runs(): boolean {
    const child = this.#life?.child;
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  launch(): void {
    const { main, args = [], env, complaints } = this.plan;
    const { PATH = '', HOME = '' } = process.env;
    const options = ['--import', new URL('register.mjs', ROOT).href, fileURLToPath(new URL(main, ROOT)), ...args];
    const child = spawn(process.execPath, options, {
      env: { PATH, HOME, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: fileURLToPath(ROOT),
    });
    running.add(child);
    child.once('exit', () => running.delete(child));
    const said = { out: '', err: '' };
    child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => {
      said.err += chunk.toString();
      appendFileSync(complaints, chunk);
    });
    const ended = once(child, 'close').then(([code, signal]: (number | string | null)[]) => code ?? signal ?? 'unknown');
    this.#life = { child, said, ended };
  }

  /** Repeats `look` until it passes. Throws at once, with its complaint, when the program has ended. */
  async until<T>(what: string, look: () => T | Promise<T>): Promise<Exclude<T, false | null | 0 | '' | 0n>> {
    const life = this.#life;
    if (life === undefined) throw new Error(`${this.plan.name} was not launched.`);
    const ended = life.ended.then((code) => {
      throw new Error(`${this.plan.name} ended (${code}) while it was to be ${what}: ${life.said.err}`);
    });
    ended.catch(() => undefined); // when the look passes first, its later end is no failure
    return Promise.race([eventually(look, { deadlineMs: START_MS, describe: `${this.plan.name} to be ${what}` }), ended]);
  }

  /** The signal is sent before it returns. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** It gets no time to run until `thaw`; its connections stay open. */
  freeze(): void {
    this.#life?.child.kill('SIGSTOP');
  }

  thaw(): void {
    this.#life?.child.kill('SIGCONT');
  }

  /** Throws when it ends otherwise than in order, or has made Node warn of something: a leak, a deprecation, a wrong timer. */
  async stop(): Promise<void> {
    const life = this.#life;
    const code = await this.#end('SIGTERM');
    const err = life?.said.err ?? '';
    if (code !== undefined && code !== 0) throw new Error(`${this.plan.name} ended with ${code} when it was stopped: ${err}`);
    if (/^\(node:\d+\)/m.test(err)) throw new Error(`Node warned in ${this.plan.name}: ${err}`);
  }

  /** Undefined when it did not run. */
  async #end(signal: NodeJS.Signals): Promise<number | string | undefined> {
    if (this.#life === undefined || !this.runs) return undefined;
    this.#life.child.kill(signal);
    return this.#life.ended;
  }
}
