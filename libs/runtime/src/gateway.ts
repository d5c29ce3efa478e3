import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { docsIndex } from './docs-page.ts';
import { DomainError } from './errors.ts';
import { deadLettersOfAll } from './gateway-dead-letters.ts';
import { aggregateHealth, aggregateReadiness, type Observed } from './gateway-health.ts';
import { Forwarder } from './gateway-forward.ts';
import { mergeLive, type LiveMerge } from './gateway-live.ts';
import { answerProblem } from './gateway-problem.ts';
import { ownsPath } from './http-prefixes.ts';
import { listenOn } from './listen.ts';
import { openStaticFiles, type StaticFiles } from './static-files.ts';

export interface GatewayService extends Observed {
  /** See `httpPrefixesOf`. */
  readonly prefixes: readonly string[];
  /** Where it listens, when that is in this process: its requests are handed over as they are, without a second connection. */
  readonly server?: Pick<Server, 'emit'>;
}

export interface GatewayOptions {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  /** Named when the port is in use. */
  readonly portKey: string;
  readonly services: readonly GatewayService[];
  /** A folder whose files are served where no service owns the path; `/` is its index.html. */
  readonly staticDir?: string;
}

export interface Gateway {
  readonly url: string;
  /** Takes no more connections; answers that run may end within the time. */
  stop(): Promise<void>;
}

/** Held and streamed answers are cut off after this; services have ended theirs before. */
const STOP_MS = 2_000;

type Answer = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

/**
 * One door for all services: sends each request to the service with the longest path prefix, streaming both ways (event streams and
 * held answers pass as they come). Answers `/healthz`, `/readyz`, `/status`, `/docs`, `/live` and `/v1/dead-letters` for all of them.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const forwarder = new Forwarder();
  const live = mergeLive(options.services);
  const files = options.staticDir === undefined ? undefined : await openStaticFiles(options.staticDir);
  const answer = answerer(options, { forwarder, live, files });
  const server = createServer((request, response) => {
    // Not awaited by the server: whatever goes wrong becomes an answer here.
    void Promise.resolve()
      .then(() => answer(request, response))
      .catch((error: unknown) => answerProblem(error, request, response));
  });
  server.requestTimeout = 0; // uploads and held requests have their services' limits
  const listen = (): Promise<void> =>
    new Promise((resolve, reject) =>
      server.once('error', reject).listen(options.port, options.host, () => resolve(void server.off('error', reject))),
    );
  const url = await listenOn(server, listen, { host: options.host, port: options.port, who: 'The gateway', portKey: options.portKey });
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      live.stop();
      const cut = setTimeout(() => server.closeAllConnections(), STOP_MS);
      server.close(() => {
        clearTimeout(cut);
        forwarder.close();
        resolve();
      });
      server.closeIdleConnections();
    });
  return { url, stop };
}

interface Answering {
  readonly forwarder: Forwarder;
  readonly live: LiveMerge;
  readonly files: StaticFiles | undefined;
}

function answerer({ services }: GatewayOptions, { forwarder, live, files }: Answering): Answer {
  const own = new Map<string, Answer>([
    ['/healthz', async (_request, response) => answerState(response, await aggregateHealth(services), ({ healthy }) => healthy)],
    ['/readyz', async (_request, response) => answerState(response, await aggregateReadiness(services), ({ ready }) => ready)],
    ['/status', async (_request, response) => answerState(response, await aggregateReadiness(services), () => true)],
    ['/live', live.answer],
    ['/docs', (_request, response) => answerPage(response, docsIndex(services))],
    ...deadLettersOfAll(services),
  ]);
  const routes = services
    .flatMap((service) => service.prefixes.map((prefix) => ({ prefix, service })))
    .sort((a, b) => b.prefix.length - a.prefix.length);
  return async (request, response) => {
    const [path = '/'] = (request.url ?? '/').split('?', 1);
    const route = routes.find(({ prefix }) => ownsPath(prefix, path));
    const ownAnswer = own.get(path);
    if (ownAnswer !== undefined) await ownAnswer(request, response);
    else if (route !== undefined) passOn(route.service, { request, response, forwarder });
    else if ((await files?.answer(request, response, path)) !== true) throw unknownPath(path, routes);
  };
}

interface Passing {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly forwarder: Forwarder;
}

function passOn(service: GatewayService, { request, response, forwarder }: Passing): void {
  if (service.server === undefined) forwarder.forward(request, response, service);
  else service.server.emit('request', request, response);
}

function unknownPath(path: string, routes: readonly { readonly prefix: string }[]): DomainError {
  const prefixes = routes.map(({ prefix }) => prefix).sort();
  return new DomainError('not-found', `No service answers ${path.slice(0, 200)}. Known paths begin with: ${prefixes.join(', ')}.`, {
    prefixes,
  });
}

function answerPage(response: ServerResponse, html: string): void {
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(html);
}

function answerState<T>(response: ServerResponse, state: T, isGood: (state: T) => boolean): void {
  response.writeHead(isGood(state) ? 200 : 503, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(state));
}
