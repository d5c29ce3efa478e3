import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';

/** Stands before an HTTP server and can swallow an answer after the server has done what was asked. */
export class AnswerCutter {
  readonly #server: Server;
  #path: string | undefined;
  /** Answers swallowed so far. */
  cuts = 0;

  private constructor(target: URL) {
    this.#server = createServer((client) => {
      const server = connect(Number(target.port), target.hostname);
      const end = (): void => void [client.destroy(), server.destroy()];
      let isCutting = false;
      client.on('data', (bytes) => {
        if (this.#path !== undefined && bytes.includes(this.#path)) [isCutting, this.#path] = [true, undefined];
        server.write(bytes);
      });
      server.on('data', (bytes) => {
        if (!isCutting) return void client.write(bytes);
        this.cuts += 1;
        end();
      });
      for (const socket of [client, server]) socket.on('error', end).on('close', end);
    });
  }

  static async open(target: string): Promise<AnswerCutter> {
    const cutter = new AnswerCutter(new URL(target));
    cutter.#server.listen(0, '127.0.0.1');
    await once(cutter.#server, 'listening');
    return cutter;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The answer to the next request to a path that has this in it. */
  cutNext(path: string): void {
    this.#path = path;
  }

  close(): void {
    this.#server.close();
  }
}
