import { Controller, Inject } from '@nestjs/common';
import { Ledger } from '@roofshot/contracts/http/ingestion';
import { HttpRoutes } from '@roofshot/runtime/http';
import { PLATFORM, type Platform } from '@roofshot/runtime/service';
import { EventIntake } from './event-intake.ts';
import { InFlight } from './in-flight.ts';
import { readLedger } from './ledger-store.ts';
import { addEventRoutes } from './event-routes.ts';

@Controller()
export class IngestionController {
  constructor(http: HttpRoutes, intake: EventIntake, inFlight: InFlight, @Inject(PLATFORM) { sql, clock, log }: Platform<'sql'>) {
    addEventRoutes(http, intake, { inFlight, clock, log });
    http.route({
      method: 'GET',
      url: '/v1/events/ledger',
      summary: 'How many events of each type got which verdict; received is their sum.',
      response: Ledger,
      handler: async () => ({ types: await readLedger(sql) }),
    });
  }
}
