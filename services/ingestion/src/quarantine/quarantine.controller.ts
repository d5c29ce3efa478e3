import { Controller, Inject } from '@nestjs/common';
import { HttpRoutes } from '@roofshot/runtime/http';
import { PLATFORM, type Platform } from '@roofshot/runtime/service';
import { EventIntake } from '../event-intake.ts';
import { Masks } from '../privacy/masks.ts';
import { addQuarantineRoutes } from './quarantine-routes.ts';

@Controller()
export class QuarantineController {
  constructor(http: HttpRoutes, intake: EventIntake, masks: Masks, @Inject(PLATFORM) platform: Platform<'sql'>) {
    const { sql, transactions, clock, log } = platform;
    addQuarantineRoutes(http, { sql, transactions, clock, log, intake, types: masks.types, masks });
  }
}
