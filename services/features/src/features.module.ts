import type { DynamicModule } from '@nestjs/common';
import { HttpRoutes } from '@roofshot/runtime/http';
import { Readiness } from '@roofshot/runtime/readiness';
import { ownResources } from '@roofshot/runtime/resource-routes';
import { Resources } from '@roofshot/runtime/resources';
import { ErasedSubjects } from '@roofshot/storage/erased-subjects';
import { ActiveViews } from './active-views.ts';
import { AuditController } from './audit/audit.controller.ts';
import { Audit } from './audit/audit.ts';
import { BackfillsController } from './backfills/backfills.controller.ts';
import { Backfills } from './backfills/backfills.ts';
import { EraseSubject } from './erasures/erase-subject.ts';
import { FeastController } from './feast/feast.controller.ts';
import { FeastPlans } from './feast/feast-plans.ts';
import { featureKinds } from './feature-kinds.ts';
import { FeaturesLifecycle } from './features-lifecycle.ts';
import { makeParts, makeSnapshots, type FeaturesParts, type FeaturesPlatform } from './features-parts.ts';
import { FeaturesController } from './features.controller.ts';
import { Progress } from './progress.ts';
import { QuietStreams } from './quiet-streams.ts';
import { CurrentDefinitions } from './read-definitions.ts';
import { SnapshotsController } from './snapshots/snapshots.controller.ts';
import { Snapshots } from './snapshots/snapshots.ts';
import { UpdateFeatures } from './update-features.ts';

export class FeaturesModule {
  static with(platform: FeaturesPlatform): DynamicModule {
    const parts = makeParts(platform);
    return {
      module: FeaturesModule,
      controllers: [FeaturesController, FeastController, BackfillsController, SnapshotsController, AuditController],
      providers: [...valuesOf(parts), ...factoriesOf(platform, parts)],
    };
  }
}

type Providers = NonNullable<DynamicModule['providers']>;

function valuesOf({ views, quiet, backfills, progress, updateFeatures, erased, eraseSubject }: FeaturesParts): Providers {
  return [
    { provide: ActiveViews, useValue: views },
    { provide: QuietStreams, useValue: quiet },
    { provide: Backfills, useValue: backfills },
    { provide: Progress, useValue: progress },
    { provide: UpdateFeatures, useValue: updateFeatures },
    { provide: ErasedSubjects, useValue: erased },
    { provide: EraseSubject, useValue: eraseSubject },
  ];
}

function factoriesOf(platform: FeaturesPlatform, parts: FeaturesParts): Providers {
  const { views, progress, erased } = parts;
  return [
    {
      provide: Resources,
      inject: [HttpRoutes],
      useFactory: (http: HttpRoutes) =>
        ownResources(http, platform, featureKinds({ ...platform, ...parts, adopted: () => progress.look() })),
    },
    {
      provide: CurrentDefinitions,
      inject: [Resources],
      useFactory: (resources: Resources) => new CurrentDefinitions({ ...platform, resources, heard: views.definitions }),
    },
    {
      provide: Snapshots,
      inject: [CurrentDefinitions],
      useFactory: (definitions: CurrentDefinitions) => makeSnapshots(platform, parts, definitions),
    },
    {
      provide: FeastPlans,
      inject: [CurrentDefinitions],
      useFactory: (definitions: CurrentDefinitions) => new FeastPlans(views.definitions, () => definitions.read()),
    },
    { provide: Audit, inject: [Resources], useFactory: (resources: Resources) => new Audit({ ...platform, erased }, resources) },
    {
      provide: FeaturesLifecycle,
      inject: [Resources, Snapshots, Readiness],
      useFactory: (resources: Resources, snapshots: Snapshots, readiness: Readiness) =>
        new FeaturesLifecycle({ ...platform, ...parts, resources, readiness, snapshots }),
    },
  ];
}
