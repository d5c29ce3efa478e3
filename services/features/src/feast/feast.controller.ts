import { Controller, Inject } from '@nestjs/common';
import { GetOnlineFeatures, OnlineFeatures } from '@roofshot/contracts/http/feast';
import { HttpRoutes, type HttpRequest } from '@roofshot/runtime/http';
import { Readiness } from '@roofshot/runtime/readiness';
import { PLATFORM, type Platform } from '@roofshot/runtime/service';
import { Type } from 'typebox';
import { FeastPlans } from './feast-plans.ts';
import { tellFeast } from './feast-refusal.ts';
import { readOnlineFeatures } from './read-online-features.ts';
import { ViewValues } from './view-values.ts';

const PATH = '/get-online-features';
/** Some thousand rows with keys of some hundred characters. */
const BODY_LIMIT = 4 * 1024 * 1024;

/** The doors of Feast's feature server that read. */
@Controller()
export class FeastController {
  constructor(http: HttpRoutes, plans: FeastPlans, readiness: Readiness, @Inject(PLATFORM) { online, clock }: Platform<'online'>) {
    const values = new ViewValues();
    takeUntypedJson(http);
    http.route({
      method: 'POST',
      url: PATH,
      summary: "Features of many entities as of now, as Feast's feature server answers them.",
      body: GetOnlineFeatures,
      response: Type.Unsafe<string>(OnlineFeatures),
      details: { refusals: REFUSALS },
      bodyLimit: BODY_LIMIT,
      handler: async (request) => {
        const text = await orRefusal(request, readOnlineFeatures(request.body, { plans, values, online, now: clock() }));
        void request.reply.type('application/json');
        return text;
      },
    });
    http.route({
      method: 'GET',
      url: '/health',
      summary: "Whether it takes traffic, as Feast's feature server says it: 200 or 503, without words. /readyz has them.",
      handler: async ({ reply }) => reply.code((await readiness.waitsFor()).length === 0 ? 200 : 503).send(),
    });
  }
}

/** What `curl -d` says when it is told nothing: so do the requests in Feast's documentation. */
const UNTYPED = new Set<string | undefined>([undefined, 'application/x-www-form-urlencoded']);

function takeUntypedJson({ fastify }: HttpRoutes): void {
  fastify.addHook('onRequest', ({ routeOptions, headers }, _reply, done) => {
    if (routeOptions.url === PATH && UNTYPED.has(headers['content-type'])) headers['content-type'] = 'application/json';
    done();
  });
}

const REFUSALS = {
  400: 'Columns are missing, uneven or unfit, or two features would have one name in the answer: all faults at once.',
  404: 'A view, feature or feature service is not declared: the nearest names.',
};

function orRefusal(request: Pick<HttpRequest, 'headers' | 'reply'>, answer: Promise<string>): Promise<string> {
  return answer.catch((error: unknown) => tellFeast(error, request));
}
