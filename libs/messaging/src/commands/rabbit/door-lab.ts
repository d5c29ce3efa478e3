import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePorts } from '@roofshot/testing/free-ports';

/** Stands before a broker, so that a test can cut a process off from it, or speak to the broker in its name. */
export class Door {
  readonly #server: Server;
  readonly #pairs = new Set<{ readonly inner: Socket; readonly outer: Socket }>();
  readonly port: number;

  private constructor(target: URL, port: number) {
    this.port = port;
    this.#server = createServer((inner) => this.#connect(inner, target));
  }

  static async open(target: URL): Promise<Door> {
    const [port = 0] = await freePorts(1);
    const door = new Door(target, port);
    door.#server.listen(port, '127.0.0.1');
    await once(door.#server, 'listening');
    return door;
  }

  /** The same URL through this door. */
  urlOf(target: URL): string {
    const url = new URL(target);
    url.host = `127.0.0.1:${this.port}`;
    return url.href;
  }

  /** Ends what is connected, without a goodbye; who comes again is let in. */
  drop(): void {
    for (const { inner, outer } of this.#pairs) for (const socket of [inner, outer]) socket.destroy();
  }

  /** Ends what is connected, without a goodbye, and lets nobody in any more. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    this.drop();
    await once(this.#server, 'close');
  }

  /** Sends bytes to the broker as if each connected client had. Only while they are silent: it must not fall into a frame of theirs. */
  sayToBroker(bytes: Buffer): void {
    for (const { outer } of this.#pairs) outer.write(bytes);
  }

  /** Does to the client that came first what a broker without room does: says so, and reads nothing more of it. Answers how to end that. */
  block(reason: string): () => void {
    const [first] = this.#pairs;
    if (first === undefined) throw new Error('Nobody has come through the door yet.');
    const { inner, outer } = first;
    inner.unpipe(outer).pause();
    inner.write(methodFrame(0, [10, 60], Buffer.concat([Buffer.from([reason.length]), Buffer.from(reason)])));
    return () => {
      inner.write(methodFrame(0, [10, 61], Buffer.alloc(0)));
      inner.pipe(outer);
    };
  }

  #connect(inner: Socket, target: URL): void {
    const outer = connect(Number(target.port), target.hostname);
    const pair = { inner, outer };
    this.#pairs.add(pair);
    const end = (): void => {
      this.#pairs.delete(pair);
      inner.destroy();
      outer.destroy();
    };
    for (const socket of [inner, outer]) socket.on('error', end).on('close', end).setNoDelay(true);
    inner.pipe(outer);
    outer.pipe(inner);
  }
}

/** A frame of AMQP 0-9-1 that carries a method. */
export function methodFrame(channel: number, [classId, methodId]: readonly [number, number], args: Buffer): Buffer {
  const head = Buffer.alloc(11);
  head.writeUInt8(1, 0);
  head.writeUInt16BE(channel, 1);
  head.writeUInt32BE(4 + args.length, 3);
  head.writeUInt16BE(classId, 7);
  head.writeUInt16BE(methodId, 9);
  return Buffer.concat([head, args, Buffer.from([0xce])]);
}
