import { Controller } from '@nestjs/common';
import { HttpRoutes } from '@roofshot/runtime/http';
import { Readiness } from '@roofshot/runtime/readiness';
import { addInferenceRoutes } from './inference/inference-routes.ts';
import { addPredictRoute, addProgressRoute, addStateRoute } from './predict/prediction-routes.ts';
import { ServingParts } from './serving-parts.ts';
import { StartGate } from './start-gate.ts';

@Controller()
export class ServingController {
  constructor(http: HttpRoutes, readiness: Readiness, parts: ServingParts) {
    const { endpoints, switchboard, spool, changed } = parts;
    const gate = new StartGate(readiness);
    addPredictRoute(http, { answers: parts.answers, shadows: parts.shadows, gate });
    addStateRoute(http, { endpoints, switchboard, changed, unpublished: () => spool.unpublishedLines });
    addProgressRoute(http, parts);
    addInferenceRoutes(http, { infer: parts.infer, switchboard, gate });
    readiness.waitFor('the versions that deployments name to be loaded', () => switchboard.isSettled);
    readiness.mention(() => parts.relay.setAside.troubles());
  }
}
