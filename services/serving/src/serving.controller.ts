import { Controller } from '@nestjs/common';
import { HttpRoutes } from '@roofshot/runtime/http';
import { Readiness } from '@roofshot/runtime/readiness';
import { addInferenceRoutes } from './inference/inference-routes.ts';
import { addPredictRoute, addProgressRoute, addStateRoute } from './predict/prediction-routes.ts';
import { ServingParts } from './serving-parts.ts';

@Controller()
export class ServingController {
  constructor(http: HttpRoutes, readiness: Readiness, parts: ServingParts) {
    const { endpoints, switchboard, spool, changed } = parts;
    addPredictRoute(http, parts.answers, parts.shadows);
    addStateRoute(http, { endpoints, switchboard, changed, unpublished: () => spool.unpublishedLines });
    addProgressRoute(http, parts);
    addInferenceRoutes(http, parts.infer, switchboard);
    readiness.waitFor('the versions that deployments name to be loaded', () => switchboard.isSettled);
  }
}
