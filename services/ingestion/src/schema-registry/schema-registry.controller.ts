import { Controller, Inject } from '@nestjs/common';
import { HttpRoutes } from '@roofshot/runtime/http';
import { PLATFORM, type Platform } from '@roofshot/runtime/service';
import { takeRegistryBodies } from './registry-route.ts';
import { addRegistryRoutes } from './registry-routes.ts';
import { RegistrySettings } from './registry-settings.ts';
import { addConfigRoutes, addModeRoutes } from './settings-routes.ts';

@Controller()
export class SchemaRegistryController {
  constructor(http: HttpRoutes, @Inject(PLATFORM) { sql, log }: Platform<'sql'>) {
    takeRegistryBodies(http);
    addRegistryRoutes(http, { sql, log });
    const settings = new RegistrySettings(sql);
    addConfigRoutes(http, settings, log);
    addModeRoutes(http, settings, log);
  }
}
