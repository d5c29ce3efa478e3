/** The Open Inference Protocol, version 2, over REST. Faults are answered in its own form: `{"error": "…"}`. */
import { problemOf } from '@roofshot/runtime/errors';
import type { HttpRoutes } from '@roofshot/runtime/http';
import { Type } from 'typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { KnownVersion } from '../models/model-catalogue.ts';
import type { Switchboard } from '../models/switchboard.ts';
import type { StartGate } from '../start-gate.ts';
import type { Infer } from './infer.ts';
import { InferRequest, invalid } from './tensors.ts';

/** As in the package; clients show it. */
const SERVER = { name: 'roofshot', version: '0.1.0', extensions: [] };

const BODY_LIMIT = 16 * 1024 * 1024;

const Tensor = Type.Object({ name: Type.String(), datatype: Type.String(), shape: Type.Array(Type.Integer()) });
const Metadata = Type.Object({
  name: Type.String(),
  versions: Type.Array(Type.String()),
  platform: Type.String(),
  inputs: Type.Array(Tensor),
  outputs: Type.Array(Tensor),
});
const Answer = Type.Object({
  model_name: Type.String(),
  model_version: Type.String(),
  id: Type.Optional(Type.String()),
  outputs: Type.Array(Type.Object({ ...Tensor.properties, data: Type.Array(Type.Number()) })),
});
const Model = Type.Object({ model: Type.String() });
const ModelVersion = Type.Object({ model: Type.String(), version: Type.String() });

export interface InferenceParts {
  readonly infer: Infer;
  readonly switchboard: Switchboard;
  readonly gate: StartGate;
}

export function addInferenceRoutes(http: HttpRoutes, parts: InferenceParts): void {
  http.fastify.addHook('onRoute', (route) => {
    if (route.url !== '/v2' && !route.url.startsWith('/v2/')) return;
    route.errorHandler = answerError;
    route.onRequest = readAsJson;
  });
  addServerRoutes(http, parts);
  addModelRoutes(http, parts, '/v2/models/:model', Model);
  addModelRoutes(http, parts, '/v2/models/:model/versions/:version', ModelVersion);
}

/** The protocol asks for JSON, and its clients (Triton's among them) do not always say that they send it. */
function readAsJson(request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void): void {
  request.raw.headers['content-type'] ??= 'application/json';
  const isBinary = request.headers['inference-header-content-length'] !== undefined;
  done(
    isBinary
      ? invalid('The binary tensor extension is not spoken here. Send JSON data (binary_data=False in the Triton client).')
      : undefined,
  );
}

function answerError(error: unknown, _request: FastifyRequest, reply: FastifyReply): void {
  const { status, detail } = problemOf(error);
  void reply.code(status).send({ error: detail });
}

function addServerRoutes(http: HttpRoutes, { gate, switchboard }: InferenceParts): void {
  http.route({
    method: 'GET',
    url: '/v2',
    summary: 'Open Inference Protocol: the server.',
    response: Type.Object({ name: Type.String(), version: Type.String(), extensions: Type.Array(Type.String()) }),
    handler: () => SERVER,
  });
  http.route({
    method: 'GET',
    url: '/v2/health/live',
    summary: 'Open Inference Protocol: it answers.',
    response: Type.Object({ live: Type.Boolean() }),
    handler: () => ({ live: true }),
  });
  http.route({
    method: 'GET',
    url: '/v2/health/ready',
    summary: 'Open Inference Protocol: every version that a deployment names is loaded; 503 until then.',
    // The specification's text shows `live` here and its schema `ready`: clients find both.
    response: Type.Object({ live: Type.Boolean(), ready: Type.Boolean() }),
    handler: async ({ reply }) => {
      if (!gate.isOpen) await gate.pass();
      const ready = switchboard.isSettled;
      if (!ready) void reply.code(503);
      return { live: true, ready };
    },
  });
}

function addModelRoutes(http: HttpRoutes, { infer, gate }: InferenceParts, url: string, params: typeof Model | typeof ModelVersion): void {
  const find = async ({ model, version }: { readonly model: string; readonly version?: string }): Promise<KnownVersion> => {
    if (!gate.isOpen) await gate.pass();
    return infer.find(model, version);
  };
  http.route({
    method: 'GET',
    url,
    summary: 'Open Inference Protocol: what a model takes and gives; the champion without a version.',
    params,
    response: Metadata,
    handler: async ({ params: named }) => ({ ...(await infer.metadata(await find(named))) }) as never,
  });
  http.route({
    method: 'GET',
    url: `${url}/ready`,
    summary: 'Open Inference Protocol: whether the model can answer; 503 when its file cannot be loaded.',
    params,
    response: Type.Object({ name: Type.String(), ready: Type.Boolean() }),
    handler: async ({ params: named, reply }) => {
      const ready = await infer.isReady(await find(named));
      if (!ready) void reply.code(503);
      return { name: named.model, ready };
    },
  });
  http.route({
    method: 'POST',
    url: `${url}/infer`,
    summary: 'Open Inference Protocol: scores rows. Not logged as predictions and never an exposure: there is no unit.',
    params,
    body: InferRequest,
    response: Answer,
    bodyLimit: BODY_LIMIT,
    handler: async ({ params: named, body }) => (await infer.infer(await find(named), body)) as never,
  });
}
