import { Module, type DynamicModule } from '@nestjs/common';
import { DeclaredChannels } from './declared-channels.ts';
import { HealthController, type Observed } from './health.controller.ts';
import { HttpRoutes } from './http.ts';
import type { AnyPlatform } from './platform.ts';
import { Readiness } from './readiness.ts';
import { PLATFORM, type AnyService } from './service.ts';

/** What the runtime gives to every provider of a service. */
@Module({})
class RuntimeModule {}

/** The root of a service's Nest application. */
@Module({})
class ServiceRoot {}

/** A service's own module beside the runtime's, which is global in its application. */
export function rootModule(service: AnyService, platform: AnyPlatform, observed: Observed): DynamicModule {
  const makeModule = service.module as (platform: AnyPlatform) => DynamicModule;
  return { module: ServiceRoot, imports: [runtimeModule(platform, observed), makeModule(platform)] };
}

function runtimeModule(platform: AnyPlatform, observed: Observed): DynamicModule {
  return {
    module: RuntimeModule,
    global: true,
    providers: [
      { provide: PLATFORM, useValue: platform },
      HttpRoutes,
      Readiness,
      DeclaredChannels,
      {
        provide: HealthController,
        inject: [HttpRoutes, Readiness, DeclaredChannels],
        useFactory: (http: HttpRoutes, readiness: Readiness, declared: DeclaredChannels) =>
          new HealthController(http, readiness, { ...observed, declared }),
      },
    ],
    exports: [PLATFORM, HttpRoutes, Readiness, DeclaredChannels],
  };
}
