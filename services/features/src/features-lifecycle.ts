import type { OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import type { Readiness } from '@roofshot/runtime/readiness';
import type { Resources } from '@roofshot/runtime/resources';
import { Entity, FeatureService, FeatureView } from '@roofshot/contracts/resources/feature-kinds';
import type { ActiveViews } from './active-views.ts';
import type { Backfills } from './backfills/backfills.ts';
import type { CatchUp } from './catch-up.ts';
import type { EraseSubject } from './erasures/erase-subject.ts';
import type { OnlineWriter } from './online-writer.ts';
import type { Progress } from './progress.ts';
import { declaredOf, withFormer } from './read-definitions.ts';
import { readBackfills } from './backfills/backfill-store.ts';
import { withLive } from './backfills/declared-view.ts';
import type { Snapshots } from './snapshots/snapshots.ts';
import type { Sql } from '@roofshot/storage/sql';

interface Parts {
  readonly sql: Sql;
  readonly resources: Resources;
  readonly readiness: Readiness;
  readonly views: ActiveViews;
  readonly progress: Progress;
  readonly writer: OnlineWriter;
  readonly catchUp: CatchUp;
  readonly snapshots: Snapshots;
  readonly eraseSubject: EraseSubject;
  readonly backfills: Backfills;
}

/** What runs beside requests and messages, from the start of the service to its end. */
export class FeaturesLifecycle implements OnModuleInit, OnModuleDestroy {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Definitions first: nothing is folded for a view that is not known. */
  async onModuleInit(): Promise<void> {
    const { readiness, views, progress, writer, catchUp, snapshots, eraseSubject, backfills } = this.#parts;
    await this.#adoptDefinitions();
    await progress.start();
    await progress.look();
    readiness.mention(() => writer.troubles);
    await writer.start();
    views.onChange(() => {
      catchUp.start();
      backfills.changed.changed();
    });
    backfills.start();
    await snapshots.start();
    eraseSubject.start();
  }

  async onModuleDestroy(): Promise<void> {
    const { views, progress, writer, catchUp, snapshots, eraseSubject, backfills } = this.#parts;
    views.onChange(() => undefined);
    await eraseSubject.stop();
    await snapshots.stop();
    await catchUp.stop();
    await backfills.stop();
    await writer.stop();
    await progress.stop();
  }

  async #adoptDefinitions(): Promise<void> {
    const { sql, resources, views } = this.#parts;
    const backfills = await readBackfills(sql);
    for (const entity of await resources.list(Entity)) views.declareEntity(declaredOf(entity));
    for (const view of await resources.list(FeatureView)) views.declareView(withLive(declaredOf(view), backfills.get(view.metadata.name)));
    for (const service of await resources.list(FeatureService)) views.declareService(withFormer(declaredOf(service), views.definitions));
  }
}
