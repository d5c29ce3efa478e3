/** Ingestion as a process of its own, and what it uses of the machine. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePorts } from '@roofshot/testing/free-ports';

/** Of `/proc/PID/stat`: hundredths of a second on every Linux that Node runs on. */
const TICKS_PER_S = 100;

export class IngestionProcess {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.url = `http://127.0.0.1:${port}`;
  }

  /** Resolves when it is ready; `env`: where its servers are. */
  static async start(folder: string, env: Readonly<Record<string, string>>): Promise<IngestionProcess> {
    const [port = 0] = await freePorts(1);
    const child = spawn(process.execPath, ['--import', resolve('register.mjs'), resolve('services/ingestion/src/main.ts')], {
      env: { ...process.env, ...env, DATA_DIR: folder, INGESTION_PORT: String(port), LOG_LEVEL: 'warn' },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const ingestion = new IngestionProcess(child, port);
    while (!(await ingestion.#isReady())) {
      if (child.exitCode !== null) throw new Error('ingestion ended before it was ready.');
      await delay(100);
    }
    return ingestion;
  }

  async #isReady(): Promise<boolean> {
    return fetch(`${this.url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  }

  /** Seconds of processor time since its start. */
  cpuSeconds(): number {
    const [, rest = ''] = readFileSync(`/proc/${this.#child.pid}/stat`, 'utf8').split(') ');
    const [, , , , , , , , , , , user, system] = rest.split(' ');
    return (Number(user) + Number(system)) / TICKS_PER_S;
  }

  /** MiB that it has in memory, its own part of what it shares. */
  memoryMb(): number {
    const [, kilobytes] = /^Pss: +(\d+)/m.exec(readFileSync(`/proc/${this.#child.pid}/smaps_rollup`, 'utf8')) ?? [];
    return Number(kilobytes) / 1024;
  }

  async declare(name: string, schema: object): Promise<void> {
    const body = JSON.stringify({ apiVersion: 'roofshot/v1', kind: 'EventType', metadata: { name }, spec: { schema } });
    const answer = await fetch(`${this.url}/v1/event-types/${name}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body,
    });
    if (!answer.ok) throw new Error(`${name} was not declared: ${await answer.text()}`);
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await ended;
  }
}
