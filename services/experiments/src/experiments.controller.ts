import { Controller, Inject } from '@nestjs/common';
import { HttpRoutes } from '@roofshot/runtime/http';
import { addExperimentRoutes, ROUTE_NEEDS, type RouteNeeds } from './experiment-routes.ts';
import { addStatisticsRoutes } from './statistics/statistics-routes.ts';

@Controller()
export class ExperimentsController {
  constructor(@Inject(HttpRoutes) http: HttpRoutes, @Inject(ROUTE_NEEDS) needs: RouteNeeds) {
    addExperimentRoutes(http, needs);
    addStatisticsRoutes(http);
  }
}
