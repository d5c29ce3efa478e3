/** What the service is made of, wired by hand: who folds, who writes, who looks. */
import type { Platform } from '@roofshot/runtime/service';
import { ErasedSubjects } from '@roofshot/storage/erased-subjects';
import type { Static } from 'typebox';
import { ActiveViews } from './active-views.ts';
import { Backfills } from './backfills/backfills.ts';
import { CatchUp } from './catch-up.ts';
import type { FeaturesConfig } from './config.ts';
import { EraseSubject } from './erasures/erase-subject.ts';
import { OnlineWriter } from './online-writer.ts';
import { ProgressBoard } from './progress-board.ts';
import { Progress } from './progress.ts';
import { QuietStreams } from './quiet-streams.ts';
import type { CurrentDefinitions } from './read-definitions.ts';
import { retireViews } from './retire-views.ts';
import { buildSnapshot, prepareScratch } from './snapshots/build-snapshot.ts';
import type { SnapshotRequest } from './snapshots/snapshot-plan.ts';
import { Snapshots } from './snapshots/snapshots.ts';
import { UpdateFeatures } from './update-features.ts';

export type FeaturesPlatform = Platform<'events' | 'commands' | 'sql' | 'online' | 'objects', Static<typeof FeaturesConfig>>;

export interface FeaturesParts {
  readonly views: ActiveViews;
  readonly quiet: QuietStreams;
  readonly backfills: Backfills;
  readonly writer: OnlineWriter;
  readonly progress: Progress;
  readonly erased: ErasedSubjects;
  readonly eraseSubject: EraseSubject;
  readonly catchUp: CatchUp;
  readonly updateFeatures: UpdateFeatures;
}

export function makeParts(platform: FeaturesPlatform): FeaturesParts {
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
  return { views, quiet, backfills, writer, progress, erased, eraseSubject, catchUp, updateFeatures };
}

export function makeSnapshots(
  platform: FeaturesPlatform,
  { views, erased }: Pick<FeaturesParts, 'views' | 'erased'>,
  definitions: CurrentDefinitions,
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
      definitions: await definitions.read(),
    });
  return new Snapshots({ ...platform, leaseMs: config.snapshotLease, build });
}
