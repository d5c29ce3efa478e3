import { Controller, Inject } from '@nestjs/common';
import { HttpRoutes } from '@roofshot/runtime/http';
import { PLATFORM, type Platform } from '@roofshot/runtime/service';
import { EventTypes } from '../event-types.ts';
import { addTraceRoute } from './trace-routes.ts';

@Controller()
export class TraceController {
  constructor(http: HttpRoutes, types: EventTypes, @Inject(PLATFORM) { events }: Platform<'events'>) {
    addTraceRoute(http, events, types);
  }
}
