import { Type } from 'typebox';
import { asyncApiOf, type Conversation } from './asyncapi.ts';
import type { DeclaredChannels } from './declared-channels.ts';
import { docsPage } from './docs-page.ts';
import type { HttpRoutes } from './http.ts';
import { addLiveRoute } from './live.ts';
import { openApiOf } from './openapi.ts';
import type { Readiness } from './readiness.ts';

const Healthz = Type.Object({ service: Type.String(), healthy: Type.Boolean(), deliveries: Type.Array(Type.Unknown()) });
const Readyz = Type.Object({
  service: Type.String(),
  ready: Type.Boolean(),
  /** A sentence for each thing that is awaited. */
  waitsFor: Type.Array(Type.String()),
  /** A sentence for each thing that is in the way of some of its work: a broker that is away, messages that cannot leave. */
  troubles: Type.Array(Type.String()),
  /** Records that are on the log and not yet handled. */
  lag: Type.Integer(),
});

/** What delivers messages to a service; Nest's transport strategies are such. */
export interface Delivering {
  healthy(): boolean;
  waitingFor(): string[];
  describe(): readonly unknown[];
}

export interface Observed {
  readonly name: string;
  readonly conversation: Conversation;
  /** Empty until the strategies are made. */
  readonly deliveries: readonly Delivering[];
}

/** The routes that every service has: is it alive, is it ready, what does it answer, say and hear. */
export class HealthController {
  constructor(http: HttpRoutes, readiness: Readiness, observed: Observed & { readonly declared: DeclaredChannels }) {
    const describe = (): unknown[] => observed.deliveries.flatMap((delivery) => [...delivery.describe()]);
    http.route({
      method: 'GET',
      url: '/healthz',
      summary: 'Alive means progress: 503 when messages wait and none was handled for long.',
      response: Healthz,
      handler: ({ reply }) => {
        const healthy = observed.deliveries.every((delivery) => delivery.healthy());
        if (!healthy) void reply.code(503);
        return { service: observed.name, healthy, deliveries: describe() };
      },
    });
    http.route({
      method: 'GET',
      url: '/readyz',
      summary: 'Whether it takes traffic, what it waits for (503 until ready), and what troubles it.',
      response: Readyz,
      handler: async ({ reply }) => {
        const waitsFor = await readiness.waitsFor();
        if (waitsFor.length > 0) void reply.code(503);
        const troubles = readiness.troubles();
        return { service: observed.name, ready: waitsFor.length === 0, waitsFor, troubles, lag: lagOf(describe()) };
      },
    });
    addLiveRoute(http, {
      service: observed.name,
      waitsFor: () => readiness.waitsFor(),
      troubles: () => readiness.troubles(),
      lag: () => lagOf(describe()),
    });
    addDocuments(http, observed);
  }
}

function addDocuments(http: HttpRoutes, { name, conversation, declared }: Observed & { readonly declared: DeclaredChannels }): void {
  http.route({
    method: 'GET',
    url: '/openapi.json',
    summary: 'OpenAPI 3.1 of these routes.',
    response: Type.Unknown(),
    handler: () => openApiOf(name, http.documents),
  });
  http.route({
    method: 'GET',
    url: '/asyncapi.json',
    summary: 'AsyncAPI 3.0 of what this service publishes, sends and hears, with the topics that are declared at the moment.',
    response: Type.Unknown(),
    handler: async () => asyncApiOf(name, conversation, await declared.all()),
  });
  http.route({
    method: 'GET',
    url: '/docs',
    summary: 'This list, for people.',
    produces: 'text/html',
    handler: ({ reply }) => {
      void reply.header('content-type', 'text/html; charset=utf-8');
      return docsPage(name, http.documents, conversation);
    },
  });
}

function lagOf(deliveries: readonly unknown[]): number {
  return deliveries.reduce<number>((sum, delivery) => {
    const lag = typeof delivery === 'object' && delivery !== null && 'lag' in delivery ? delivery.lag : 0;
    return sum + (typeof lag === 'number' ? lag : 0);
  }, 0);
}
