import { Controller, Inject } from '@nestjs/common';
import { HttpRoutes } from '@roofshot/runtime/http';
import { PLATFORM } from '@roofshot/runtime/service';
import { addAliasRoutes } from './alias-routes.ts';
import { Changes } from './changes.ts';
import type { RegistryPlatform } from './platform.ts';
import { addVersionRoutes } from './version-routes.ts';

@Controller()
export class RegistryController {
  constructor(http: HttpRoutes, changes: Changes, @Inject(PLATFORM) platform: RegistryPlatform) {
    addVersionRoutes(http, platform, changes.signal);
    addAliasRoutes(http, platform, changes.signal);
  }
}
