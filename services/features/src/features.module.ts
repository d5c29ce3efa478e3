import type { DynamicModule } from '@nestjs/common';
import { HttpRoutes } from '@roofshot/runtime/http';
import { Readiness } from '@roofshot/runtime/readiness';
import { ownResources } from '@roofshot/runtime/resource-routes';
import { Resources } from '@roofshot/runtime/resources';
import type { Platform } from '@roofshot/runtime/service';
import { ErasedSubjects } from '@roofshot/storage/erased-subjects';
import type { Static } from 'typebox';
import { ActiveViews } from './active-views.ts';
import { AuditController } from './audit/audit.controller.ts';
import { Audit } from './audit/audit.ts';
import { BackfillsController } from './backfills/backfills.controller.ts';
import { Backfills } from './backfills/backfills.ts';
import { CatchUp } from './catch-up.ts';
import type { FeaturesConfig } from './config.ts';
import { EraseSubject } from './erasures/erase-subject.ts';
import { featureKinds } from './feature-kinds.ts';
import { FeaturesLifecycle } from './features-lifecycle.ts';
import { FeaturesController } from './features.controller.ts';
import { OnlineWriter } from './online-writer.ts';
import { Progress } from './progress.ts';
import { ProgressBoard } from './progress-board.ts';
import { QuietStreams } from './quiet-streams.ts';
import { readDefinitions } from './read-definitions.ts';
import { retireViews } from './retire-views.ts';
import { buildSnapshot, prepareScratch } from './snapshots/build-snapshot.ts';
import type { SnapshotRequest } from './snapshots/snapshot-plan.ts';
import { SnapshotsController } from './snapshots/snapshots.controller.ts';
import { Snapshots } from './snapshots/snapshots.ts';
import { UpdateFeatures } from './update-features.ts';

export type FeaturesPlatform = Platform<'events' | 'commands' | 'sql' | 'online' | 'objects', Static<typeof FeaturesConfig>>;

export class FeaturesModule {
  static with(platform: FeaturesPlatform): DynamicModule {
    const views = new ActiveViews();
    const board = new ProgressBoard((view) => views.isLive(view));
    const backfills = new Backfills({ ...platform, views });
    const writer = new OnlineWriter({ ...platform, views, board });
    const progress = new Progress({ ...platform, views, board, reconnected: () => writer.repair() });
    const met = async (): Promise<void> => {
      await progress.look();
      backfills.look();
      await retireViews({ ...platform, views });
    };
    const erased = new ErasedSubjects('features');
    const eraseSubject = new EraseSubject({ ...platform, views, erased });
    const catchUp = new CatchUp({ ...platform, views, writer, erased, met });
    const quiet = new QuietStreams();
    const updateFeatures = new UpdateFeatures({ ...platform, views, quiet, writer, catchUp, erased });
    return {
      module: FeaturesModule,
      controllers: [FeaturesController, BackfillsController, SnapshotsController, AuditController],
      providers: [
        { provide: ActiveViews, useValue: views },
        { provide: QuietStreams, useValue: quiet },
        { provide: Backfills, useValue: backfills },
        { provide: Progress, useValue: progress },
        { provide: UpdateFeatures, useValue: updateFeatures },
        { provide: ErasedSubjects, useValue: erased },
        { provide: EraseSubject, useValue: eraseSubject },
        {
          provide: Resources,
          inject: [HttpRoutes],
          useFactory: (http: HttpRoutes) =>
            ownResources(http, platform, featureKinds({ ...platform, views, backfills, adopted: () => progress.look() })),
        },
        {
          provide: Snapshots,
          inject: [Resources],
          useFactory: (resources: Resources) => makeSnapshots(platform, { views, erased }, resources),
        },
        { provide: Audit, inject: [Resources], useFactory: (resources: Resources) => new Audit({ ...platform, erased }, resources) },
        {
          provide: FeaturesLifecycle,
          inject: [Resources, Snapshots, Readiness],
          useFactory: (resources: Resources, snapshots: Snapshots, readiness: Readiness) =>
            new FeaturesLifecycle({
              ...platform,
              resources,
              readiness,
              views,
              progress,
              writer,
              catchUp,
              snapshots,
              eraseSubject,
              backfills,
            }),
        },
      ],
    };
  }
}

function makeSnapshots(
  platform: FeaturesPlatform,
  { views, erased }: { readonly views: ActiveViews; readonly erased: ErasedSubjects },
  resources: Resources,
): Snapshots {
  const { config, folder, events, objects, sql } = platform;
  const isImporter = (eventType: string): boolean | undefined => views.isImporter(eventType);
  let scratch: Promise<string> | undefined;
  const build = async (request: SnapshotRequest): ReturnType<typeof buildSnapshot> =>
    buildSnapshot(request, {
      scratch: await (scratch ??= prepareScratch(folder)),
      events,
      objects,
      isImporter,
      maxEvents: config.snapshotMaxEvents,
      isErased: await erased.read(sql),
      definitions: await readDefinitions({ resources, db: sql, heard: views.definitions }),
    });
  return new Snapshots({ ...platform, leaseMs: config.snapshotLease, build });
}
