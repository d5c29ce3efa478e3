/**
 * One Python process that runs trials, each in a fork of its own. It holds our pipe: when this process dies in whatever way, the
 * pipe ends and so do all trials.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { readMessage, readReport, type Report, type ServerMessage } from './trainer-messages.ts';

const TRAINER = fileURLToPath(new URL('../../trainer/src', import.meta.url));
const REPORT_FD = 3;
const KEPT_WORDS = 4_096;
/** Loading the libraries takes one to ten seconds; what takes longer hangs. */
const START_MS = 120_000;

export interface TrialOrder {
  /** Names the attempt; no two run under one key at a time. */
  readonly key: string;
  readonly file: string;
  readonly folder: string;
  readonly heard: (report: Report | 'started') => void;
}

/** `code`: exit code, or minus the number of the signal that ended it. Without: the server itself ended; `reason` says why. */
export type ProcessEnd =
  | { readonly code: number }
  | { readonly code?: undefined; readonly reason: string; /** It cannot start at all. */ readonly isUnusable: boolean };

interface Running {
  readonly order: TrialOrder;
  readonly end: (end: ProcessEnd) => void;
}

export class TrainerServer {
  readonly #child: ChildProcess;
  readonly #python: string;
  readonly #running = new Map<string, Running>();
  #isReady = false;
  readonly #slowStart: NodeJS.Timeout;
  #words = '';
  #isOver = false;

  private constructor(child: ChildProcess, python: string) {
    this.#child = child;
    this.#python = python;
    this.#slowStart = setTimeout(() => child.kill('SIGKILL'), START_MS);
  }

  /** `folder`: where it works. Nothing of our environment is passed on: it may hold passwords, and trainers are users' code. */
  static start(python: string, folder: string): TrainerServer {
    const child = spawn(python, ['-m', 'roofshot_trainer', '--serve'], {
      cwd: folder,
      env: {
        PATH: '/usr/local/bin:/usr/bin:/bin',
        HOME: folder,
        LANG: 'C.UTF-8',
        PYTHONPATH: TRAINER,
        ROOFSHOT_REPORT_FD: String(REPORT_FD),
      },
      stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
      detached: true, // a terminal's Ctrl-C is for us: we give the trials back first
    });
    const server = new TrainerServer(child, python);
    server.#listen();
    return server;
  }

  /** False once it has ended: start another one. */
  get isUsable(): boolean {
    return !this.#isOver;
  }

  get running(): number {
    return this.#running.size;
  }

  /** Resolves when the trial has ended, however it did; all that it reported has been heard then. */
  run(order: TrialOrder): Promise<ProcessEnd> {
    return new Promise((resolve) => {
      this.#running.set(order.key, { order, end: resolve });
      const { key: trial, file, folder } = order;
      if (!this.#isOver) this.#send({ type: 'run', trial, file, folder });
    });
  }

  /** The trial may report that it was cancelled; five seconds later it is killed. */
  cancel(key: string): void {
    if (this.#running.has(key)) this.#send({ type: 'cancel', trial: key });
  }

  /** Ends it with all its trials, at once. */
  close(): void {
    this.#child.stdin?.end();
  }

  #listen(): void {
    const { stdin, stderr, stdio } = this.#child;
    stderr?.on('data', (chunk: Buffer) => (this.#words = (this.#words + chunk.toString()).slice(-KEPT_WORDS)));
    stdin?.on('error', () => stdin.destroy()); // its end is told by the exit
    const lines = createInterface({ input: stdio[REPORT_FD] as Readable });
    lines.on('line', (line) => this.#heard(readMessage(line)));
    this.#child.once('error', (error: NodeJS.ErrnoException) => this.#over(this.#cannotStart(error), true));
    this.#child.once('close', (code, signal) => {
      const isUnusable = !this.#isReady && signal === null;
      const last = this.#words.trim().split('\n').at(-1) ?? '';
      this.#over(`The Python process of the trainers ended (${signal ?? `exit code ${code}`}). ${last}`.trim(), isUnusable);
    });
  }

  #heard(message: ServerMessage | undefined): void {
    if (message?.type === 'ready') {
      this.#isReady = true;
      clearTimeout(this.#slowStart);
    }
    if (message === undefined || message.type === 'ready') return;
    const running = this.#running.get(message.trial);
    if (message.type === 'started') running?.order.heard('started');
    else if (message.type === 'report') {
      const report = readReport(message.report);
      if (report !== undefined) running?.order.heard(report);
    } else {
      this.#running.delete(message.trial);
      running?.end({ code: message.code });
    }
  }

  #over(reason: string, isUnusable: boolean): void {
    this.#isOver = true;
    clearTimeout(this.#slowStart);
    const lost = [...this.#running.values()];
    this.#running.clear();
    for (const { end } of lost) end({ reason, isUnusable });
  }

  #cannotStart({ code, message }: NodeJS.ErrnoException): string {
    const why = code === 'ENOENT' ? 'it is not there' : code === 'EACCES' ? 'it may not be executed' : message;
    return `Python cannot be started at ${this.#python}: ${why}. Run \`npm run bootstrap\`, which makes it, or set TRAINING_PYTHON to an interpreter with the trainers' libraries.`;
  }

  #send(message: object): void {
    (this.#child.stdin as Writable | null)?.write(`${JSON.stringify(message)}\n`);
  }
}
