import { Controller, Inject } from '@nestjs/common';
import { Ledger } from '@roofshot/contracts/http/ingestion';
import { HttpRoutes } from '@roofshot/runtime/http';
import { PLATFORM, type Platform } from '@roofshot/runtime/service';
import { EventIntake } from './event-intake.ts';
import { readLedger } from './ledger-store.ts';
import { EVENT_ROUTE_NEEDS, type EventRouteNeeds } from './event-route-needs.ts';
import { addEventRoutes } from './event-routes.ts';

@Controller()
export class IngestionController {
  constructor(
    http: HttpRoutes,
    intake: EventIntake,
    @Inject(EVENT_ROUTE_NEEDS) needs: EventRouteNeeds,
    @Inject(PLATFORM) { sql }: Platform<'sql'>,
  ) {
    addEventRoutes(http, intake, needs);
    http.route({
      method: 'GET',
      url: '/v1/events/ledger',
      summary: 'How many events of each type and of each write key got which verdict; received is their sum.',
      response: Ledger,
      handler: () => readLedger(sql),
    });
  }
}
