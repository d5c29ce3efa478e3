import { Module, type DynamicModule } from '@nestjs/common';
import { DeadLettersController, type DeadLettersOf } from './dead-letters.controller.ts';
import { DeclaredChannels } from './declared-channels.ts';
import { HealthController, type Observed } from './health.controller.ts';
import { HttpRoutes } from './http.ts';
import { PayloadMasks } from './payload-masks.ts';
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
export function rootModule(service: AnyService, platform: AnyPlatform, own: OwnRoutes): DynamicModule {
  const makeModule = service.module as (platform: AnyPlatform) => DynamicModule;
  return { module: ServiceRoot, imports: [runtimeModule(platform, own), makeModule(platform)] };
}

/** What the routes that every service has tell of it. */
export interface OwnRoutes {
  readonly observed: Observed;
  readonly letters: Omit<DeadLettersOf, 'show'>;
}

function runtimeModule(platform: AnyPlatform, { observed, letters }: OwnRoutes): DynamicModule {
  return {
    module: RuntimeModule,
    global: true,
    providers: [
      { provide: PLATFORM, useValue: platform },
      HttpRoutes,
      Readiness,
      DeclaredChannels,
      PayloadMasks,
      {
        provide: HealthController,
        inject: [HttpRoutes, Readiness, DeclaredChannels],
        useFactory: (http: HttpRoutes, readiness: Readiness, declared: DeclaredChannels) =>
          new HealthController(http, readiness, { ...observed, declared }),
      },
      {
        provide: DeadLettersController,
        inject: [HttpRoutes, PayloadMasks],
        useFactory: (http: HttpRoutes, show: PayloadMasks) => new DeadLettersController(http, { ...letters, show }),
      },
    ],
    exports: [PLATFORM, HttpRoutes, Readiness, DeclaredChannels, PayloadMasks],
  };
}
