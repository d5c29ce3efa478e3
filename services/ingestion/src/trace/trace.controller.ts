import { Controller, Inject } from '@nestjs/common';
import { HttpRoutes } from '@roofshot/runtime/http';
import { PLATFORM, type Platform } from '@roofshot/runtime/service';
import { Masks } from '../privacy/masks.ts';
import { addTraceRoute } from './trace-routes.ts';

@Controller()
export class TraceController {
  constructor(http: HttpRoutes, masks: Masks, @Inject(PLATFORM) { events }: Platform<'events'>) {
    addTraceRoute(http, events, masks);
  }
}
