import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { holderOfPort } from './port-holder.ts';

export interface ListenWish {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  /** Who listens, and the key that changes its port: for the sentence when it cannot. */
  readonly who: string;
  readonly portKey: string;
}

/** The key that changes a service's port. */
export const portKeyOf = (service: string): string => `${service.toUpperCase().replaceAll('-', '_')}_PORT`;

/** Listens, and answers the URL. A port that cannot be had is a sentence with the port, who holds it and the key to change it. */
export async function listenOn(server: Pick<Server, 'address'>, listen: () => Promise<unknown>, wish: ListenWish): Promise<string> {
  try {
    await listen();
  } catch (error) {
    throw await describe(error, wish);
  }
  const { port } = server.address() as AddressInfo;
  return urlOf(wish.host, port);
}

/** Where others on this machine reach a server that listens on `host`. */
function urlOf(host: string, port: number): string {
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}

async function describe(error: unknown, { host, port, who, portKey }: ListenWish): Promise<Error> {
  const remedy = `Set ${portKey} to another port (0 takes a free one)`;
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE': {
      const holder = (await holderOfPort(port)) ?? 'another process';
      return new Error(
        `${who} cannot listen on ${host}:${port}: the port is in use by ${holder}. End that, or set ${portKey} to another port (0 takes a free one).`,
        { cause: error },
      );
    }
    case 'EACCES':
      return new Error(`${who} may not listen on ${host}:${port}: this user has no right to the port. ${remedy}, above 1023.`, {
        cause: error,
      });
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new Error(
        `${who} cannot listen on ${host}:${port}: this machine has no such address. Set HOST to 127.0.0.1, 0.0.0.0 or one of its addresses.`,
        { cause: error },
      );
    default:
      return new Error(`${who} cannot listen on ${host}:${port}. ${remedy}, or HOST to another address.`, { cause: error });
  }
}
