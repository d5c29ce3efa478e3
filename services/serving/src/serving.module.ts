import type { DynamicModule } from '@nestjs/common';
import { HttpRoutes } from '@roofshot/runtime/http';
import { ownResources } from '@roofshot/runtime/resource-routes';
import { Resources } from '@roofshot/runtime/resources';
import { deploymentKind } from './deployments/deployment-rules.ts';
import { FollowDeclarations } from './deployments/follow-declarations.ts';
import { EraseUnit } from './erasures/erase-unit.ts';
import { FollowAliases } from './models/follow-aliases.ts';
import { ServingController } from './serving.controller.ts';
import { ServingParts, type ServingPlatform } from './serving-parts.ts';

export class ServingModule {
  static with(platform: ServingPlatform): DynamicModule {
    return {
      module: ServingModule,
      controllers: [ServingController],
      providers: [
        { provide: ServingParts, useFactory: () => ServingParts.open(platform) },
        {
          provide: EraseUnit,
          inject: [ServingParts],
          useFactory: ({ spool, relay }: ServingParts) => new EraseUnit({ events: platform.events, spool, relay }),
        },
        {
          provide: FollowAliases,
          inject: [ServingParts],
          useFactory: ({ catalogue, switchboard }: ServingParts) => new FollowAliases(catalogue, switchboard),
        },
        {
          provide: FollowDeclarations,
          inject: [ServingParts],
          useFactory: ({ endpoints }: ServingParts) => new FollowDeclarations(endpoints),
        },
        {
          provide: Resources,
          inject: [HttpRoutes, ServingParts],
          useFactory: (http: HttpRoutes, { endpoints }: ServingParts) => ownResources(http, platform, [deploymentKind(endpoints)]),
        },
      ],
    };
  }
}
