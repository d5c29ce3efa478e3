/** A proxy that knows where one message of a protocol ends and the next begins, for tests of what happens between two of them. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePorts } from '../free-ports.ts';
import type { Address } from './kafka-wire.ts';
import type { Wire, WireMessage } from './wire.ts';

/** Answered in place of a message: its connection breaks, and nothing that came behind it arrives. */
export const CUT = Symbol('cut');

/** Answers what goes on in place of the message; undefined: nothing. */
export type Intercept = (message: WireMessage) => Passed;
type Passed = Buffer | typeof CUT | undefined;

/** A step of a conversation. */
export interface Moment {
  /** Who sends the message. */
  readonly side: WireMessage['side'];
  readonly name: string;
  /** Of those that come from now on; default 1. */
  readonly nth?: number;
  /** Whether the message itself still arrives; default no. */
  readonly arrives?: boolean;
}

export interface Strike {
  /** Resolves when the moment has come. */
  readonly struck: Promise<void>;
  /** It need not come any more. */
  cancel(): void;
}

const LOOPBACK = '127.0.0.1';

/** Stands before one server on loopback. Everything passes, unless told otherwise. */
export class WireProxy {
  readonly address: Address;
  readonly #server: Server;
  readonly #target: Address;
  readonly #open: (own: Address) => Wire;
  readonly #links = new Set<Socket>();
  readonly #waiting = new Set<Socket>();
  readonly #intercepts = new Set<Intercept>();
  #state: 'open' | 'silent' | 'refusing' = 'open';

  private constructor(server: Server, port: number, { target, open }: { target: Address; open: (own: Address) => Wire }) {
    this.#server = server;
    this.#target = target;
    this.#open = open;
    this.address = { hostname: LOOPBACK, port };
    server.on('connection', (client) => this.#welcome(client));
  }

  /** `open`: for each connection, given where this proxy is. */
  static async start(target: Address, open: (own: Address) => Wire): Promise<WireProxy> {
    const [port = 0] = await freePorts(1);
    const server = createServer();
    server.listen(port, LOOPBACK);
    await once(server, 'listening');
    return new WireProxy(server, port, { target, open });
  }

  /** Looks at each message; what one answers, the next one gets. The function that is answered takes it away again. */
  intercept(look: Intercept): () => void {
    this.#intercepts.add(look);
    return () => this.#intercepts.delete(look);
  }

  /** Calls `act` when the moment has come, before anything else happens. The connection breaks there, unless the message arrives. */
  strike({ side, name, nth = 1, arrives = false }: Moment, act: () => void = () => undefined): Strike {
    const struck = Promise.withResolvers<void>();
    let seen = 0;
    const forget = this.intercept((message) => {
      if (message.side !== side || message.name !== name || (seen += 1) !== nth) return message.bytes;
      forget();
      if (arrives) setImmediate(act);
      else act();
      struck.resolve();
      return arrives ? message.bytes : CUT;
    });
    return { struck: struck.promise, cancel: forget };
  }

  /** As if the cable were pulled: nothing moves, nobody is told, and all goes on where it stood after `heal`. */
  fallSilent(): void {
    this.#state = 'silent';
    for (const socket of this.#links) socket.pause();
  }

  /** As if the other machine were switched off: all connections break, and new ones are refused. */
  refuse(): void {
    this.#state = 'refusing';
    for (const socket of this.#links) socket.resetAndDestroy();
  }

  /** As a router that has lost its table: connections of before stay open and carry nothing any more, new ones work. */
  forget(): void {
    for (const socket of this.#links) socket.removeAllListeners('data').resume();
  }

  /** After `fallSilent` and `refuse`. */
  heal(): void {
    this.#state = 'open';
    for (const socket of this.#links) socket.resume();
    for (const client of this.#waiting) this.#link(client);
    this.#waiting.clear();
  }

  async close(): Promise<void> {
    for (const socket of [...this.#links, ...this.#waiting]) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #welcome(client: Socket): void {
    client.on('error', () => client.destroy());
    if (this.#state === 'refusing') client.resetAndDestroy();
    else if (this.#state === 'silent') this.#waiting.add(client.pause());
    else this.#link(client);
  }

  #link(client: Socket): void {
    const server = connect(this.#target.port, this.#target.hostname);
    server.on('error', () => server.destroy());
    const wire = this.#open(this.address);
    this.#carry(client, server, (piece) => wire.client(piece));
    this.#carry(server, client, (piece) => wire.server(piece));
    client.setNoDelay();
    server.setNoDelay();
  }

  #carry(from: Socket, to: Socket, takeApart: (piece: Buffer) => WireMessage[]): void {
    this.#links.add(from);
    from.on('data', (piece: Buffer) => {
      for (const message of takeApart(piece)) {
        const passed = this.#passed(message);
        if (passed === CUT) {
          for (const socket of [from, to]) socket.resetAndDestroy();
          return;
        }
        if (passed !== undefined && !to.destroyed && !to.write(passed)) this.#holdBack(from, to);
      }
    });
    from.on('end', () => to.end());
    from.on('close', () => {
      this.#links.delete(from);
      to.end();
    });
  }

  #holdBack(from: Socket, to: Socket): void {
    from.pause();
    to.once('drain', () => {
      if (this.#state === 'open') from.resume();
    });
  }

  #passed(message: WireMessage): Passed {
    let passed: Passed = message.bytes;
    for (const look of this.#intercepts) {
      if (!Buffer.isBuffer(passed)) return passed;
      passed = look({ ...message, bytes: passed });
    }
    return passed;
  }
}
