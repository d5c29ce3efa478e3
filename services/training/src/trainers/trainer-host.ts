/** Keeps one trainer server while there is work and a little longer: loading the libraries costs more than a short trial. */
import { TrainerServer, type ProcessEnd, type TrialOrder } from './trainer-server.ts';

export interface HostOptions {
  readonly python: string;
  readonly folder: string;
  readonly idleMs: number;
}

export class TrainerHost {
  readonly #options: HostOptions;
  #server: TrainerServer | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(options: HostOptions) {
    this.#options = options;
  }

  /** Loads the libraries while the trial's data is still being made. */
  warmUp(): void {
    this.#usable();
    this.#restIfIdle();
  }

  async run(order: TrialOrder): Promise<ProcessEnd> {
    const server = this.#usable();
    const end = await server.run(order);
    this.#restIfIdle();
    return end;
  }

  cancel(key: string): void {
    this.#server?.cancel(key);
  }

  close(): void {
    clearTimeout(this.#idle);
    this.#server?.close();
  }

  #usable(): TrainerServer {
    clearTimeout(this.#idle);
    if (this.#server?.isUsable !== true) this.#server = TrainerServer.start(this.#options.python, this.#options.folder);
    return this.#server;
  }

  #restIfIdle(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      if (this.#server?.running !== 0) return;
      this.#server.close();
      this.#server = undefined;
    }, this.#options.idleMs);
  }
}
