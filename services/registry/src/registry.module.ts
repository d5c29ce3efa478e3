import type { DynamicModule } from '@nestjs/common';
import { Model } from '@roofshot/contracts/resources/model';
import { HttpRoutes } from '@roofshot/runtime/http';
import { ownResources } from '@roofshot/runtime/resource-routes';
import { ownedKind } from '@roofshot/runtime/resource-rules';
import { Resources } from '@roofshot/runtime/resources';
import { PLATFORM } from '@roofshot/runtime/service';
import { Admission } from './admission.ts';
import { Changes } from './changes.ts';
import type { RegistryPlatform } from './platform.ts';
import { RegistryController } from './registry.controller.ts';

export class RegistryModule {
  static with(platform: RegistryPlatform): DynamicModule {
    return {
      module: RegistryModule,
      controllers: [RegistryController],
      providers: [
        Admission,
        Changes,
        { provide: PLATFORM, useValue: platform },
        {
          provide: Resources,
          inject: [HttpRoutes],
          useFactory: (http: HttpRoutes) => ownResources(http, platform, [ownedKind(Model, { check: gateFaults })]),
        },
      ],
    };
  }
}

function gateFaults(spec: {
  readonly gates?: readonly { readonly min?: number; readonly max?: number }[];
}): { path: string; message: string }[] {
  return (spec.gates ?? []).flatMap(({ min, max }, index) => {
    if (min === undefined && max === undefined)
      return [{ path: `/gates/${index}`, message: 'needs min or max: a gate without a bound lets everything through' }];
    if (min !== undefined && max !== undefined && min > max)
      return [{ path: `/gates/${index}`, message: `min ${min} is above max ${max}: nothing could pass` }];
    return [];
  });
}
