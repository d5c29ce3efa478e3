import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { DomainError } from './errors.ts';
import { answerProblem } from './gateway-problem.ts';
import { listenOn, type ListenWish } from './listen.ts';

/** Stands at a service's address before it can start, so that whoever asks hears what it waits for. */
export interface WaitingDoor {
  readonly url: string;
  /** Gives the address free for the service itself. */
  close(): Promise<void>;
}

/** Answers `/healthz` (alive), `/readyz` (503, with what is awaited at that moment) and everything else with 503. Throws when it cannot listen. */
export async function openWaitingDoor(
  service: string,
  wish: Omit<ListenWish, 'who'>,
  waitsFor: () => readonly string[],
): Promise<WaitingDoor> {
  const server = createServer((request, response) => answer(service, waitsFor(), { request, response }));
  const listen = (): Promise<void> =>
    new Promise((resolve, reject) =>
      server.once('error', reject).listen(wish.port, wish.host, () => resolve(void server.off('error', reject))),
    );
  const url = await listenOn(server, listen, { ...wish, who: service });
  return {
    url,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

function answer(service: string, waitsFor: readonly string[], { request, response }: Exchange): void {
  const [path] = (request.url ?? '/').split('?', 1);
  response.setHeader('connection', 'close'); // the next request is the service's
  if (path === '/healthz') answerState(response, 200, { service, healthy: true, deliveries: [] });
  else if (path === '/readyz') answerState(response, 503, { service, ready: false, waitsFor, troubles: [], lag: 0 });
  else answerProblem(notReady(service, waitsFor), request, response);
}

function answerState(response: ServerResponse, status: number, state: object): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(state));
}

function notReady(service: string, waitsFor: readonly string[]): DomainError {
  return new DomainError(
    'unavailable',
    `The service ${service} has not started yet, it waits. ${waitsFor.join(' ')} Nothing was changed; try again.`,
  );
}
