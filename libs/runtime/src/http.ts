import type { IncomingHttpHeaders } from 'node:http';
import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Static, TObject, TSchema } from 'typebox';
import { HttpIntake } from './http-intake.ts';
import { bodyReader, textsReader } from './request-parts.ts';
import type { RouteDetails } from './route-details.ts';

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';

type PartOf<S, Otherwise> = [S] extends [TSchema] ? Static<S> : Otherwise;

/** A request whose parts have been validated and, where they are texts, converted. */
export interface HttpRequest<P = undefined, Q = undefined, B = undefined> {
  readonly params: PartOf<P, undefined>;
  readonly query: PartOf<Q, undefined>;
  /** Without a schema: as Fastify parsed it. */
  readonly body: PartOf<B, unknown>;
  readonly headers: IncomingHttpHeaders;
  /** Aborts when the client has gone or the service stops: give up what is held and answer with what there is. */
  readonly signal: AbortSignal;
  /** For other status codes, headers and streams. */
  readonly reply: FastifyReply;
}

/** One route: what it takes, what it answers, who does it. `/openapi.json` is made from the same schemas. */
export interface Route<
  P extends TObject | undefined = undefined,
  Q extends TObject | undefined = undefined,
  B extends TSchema | undefined = undefined,
  R extends TSchema | undefined = undefined,
> {
  readonly method: HttpMethod;
  /** In Fastify's form: `/v1/models/:name`. */
  readonly url: string;
  readonly summary: string;
  /** Every parameter of the URL; values are converted to the schema's types. */
  readonly params?: P;
  /** Values are converted; defaults are filled in; unknown ones are faults only where the schema is closed. */
  readonly query?: Q;
  readonly body?: B;
  readonly response?: R;
  /** Of an answer without fault; default 200. */
  readonly status?: number;
  /** Bytes; default 1 MiB. */
  readonly bodyLimit?: number;
  /** Other media types that the route takes or answers, for the document only. */
  readonly consumes?: readonly string[];
  readonly produces?: string;
  /** What the document says beside that. */
  readonly details?: RouteDetails;
  readonly handler: (request: HttpRequest<P, Q, B>) => PartOf<R, unknown> | Promise<PartOf<R, unknown>>;
}

/** A route as documents see it. */
export type RouteDocument = Omit<
  Route<TObject | undefined, TObject | undefined, TSchema | undefined, TSchema | undefined>,
  'handler' | 'bodyLimit'
>;

/**
 * The routes of one service, straight on its Fastify instance (half the cost of a Nest controller's route). Injected into the
 * service's controllers, which register theirs when they are made.
 */
@Injectable()
export class HttpRoutes {
  /** For what a schema cannot say: content-type parsers, plug-ins. */
  readonly fastify: FastifyInstance;
  readonly intake: HttpIntake;
  readonly #documents: RouteDocument[] = [];

  constructor(host: HttpAdapterHost) {
    this.fastify = host.httpAdapter.getInstance<FastifyInstance>();
    this.intake = new HttpIntake(this.fastify);
  }

  /** In the order of registration. */
  get documents(): readonly RouteDocument[] {
    return this.#documents;
  }

  /** Faulty parameters, query or body are answered with 400 and all faults, and never reach the handler. */
  route<
    P extends TObject | undefined = undefined,
    Q extends TObject | undefined = undefined,
    B extends TSchema | undefined = undefined,
    R extends TSchema | undefined = undefined,
  >(route: Route<P, Q, B, R>): void {
    refuseUndeclaredParams(route.url, route.params);
    const { handler, bodyLimit, ...document } = route;
    this.#documents.push(document);
    this.fastify.route({
      method: route.method,
      url: route.url,
      ...(bodyLimit !== undefined && { bodyLimit }),
      handler: answering(route as unknown as Route<TObject, TObject, TSchema, TSchema>, this.intake.stopping),
    });
  }
}

type FastifyHandler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

function answering(route: Route<TObject, TObject, TSchema, TSchema>, stopping: AbortSignal): FastifyHandler {
  const readParams = textsReader('params', route.params);
  const readQuery = textsReader('query', route.query);
  const readBody = bodyReader(route.body);
  const { status = 200, handler } = route;
  return async (request, reply) => {
    const parts = { params: readParams(request.params), query: readQuery(request.query), body: readBody(request.body) };
    const answer = await handler(new RunningRequest(parts, reply, stopping) as HttpRequest<TObject, TObject, TSchema>);
    if (status !== 200 && reply.statusCode === 200) void reply.code(status);
    return answer;
  };
}

class RunningRequest {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly reply: FastifyReply;
  readonly #stopping: AbortSignal;
  #signal: AbortSignal | undefined;

  constructor(parts: { params: unknown; query: unknown; body: unknown }, reply: FastifyReply, stopping: AbortSignal) {
    this.params = parts.params;
    this.query = parts.query;
    this.body = parts.body;
    this.reply = reply;
    this.#stopping = stopping;
  }

  get headers(): IncomingHttpHeaders {
    return this.reply.request.headers;
  }

  /** Made only when asked for: most requests are not held. */
  get signal(): AbortSignal {
    this.#signal ??= AbortSignal.any([this.#stopping, abortedOnClose(this.reply)]);
    return this.#signal;
  }
}

function abortedOnClose({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  if (raw.destroyed) gone.abort();
  else raw.once('close', () => gone.abort());
  return gone.signal;
}

function refuseUndeclaredParams(url: string, params: TObject | undefined): void {
  const named = [...url.matchAll(/:([A-Za-z_][A-Za-z0-9_]*)|(\*)/g)].map(([, name = '*']) => name);
  const missing = named.filter((name) => params?.properties[name] === undefined);
  if (missing.length > 0) {
    throw new Error(
      `The route ${url} has no schema for ${missing.join(', ')}. Add it to the route's params, so that bad values are refused.`,
    );
  }
}
