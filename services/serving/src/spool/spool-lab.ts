/** A real log and database for tests of the spool. */
import { exposures, predictions } from '@roofshot/contracts/predictions';
import { decodeEvent, isUndecodable } from '@roofshot/messaging/cloud-event-codec';
import type { EventBus } from '@roofshot/messaging/events';
import { openCommandQueue } from '@roofshot/messaging/open-command-queue';
import { openEventBus } from '@roofshot/messaging/open-event-bus';
import { createTransactions } from '@roofshot/messaging/transactions';
import { migrate } from '@roofshot/storage/migrate';
import { log } from '@roofshot/telemetry/logger';
import { testDatabase, type TestDatabase } from '@roofshot/testing/postgres';
import { CreateServing1700000006000 } from '../../migrations/1700000006000-create-serving.ts';
import type { Served } from './entries.ts';
import { openSpool } from './open-spool.ts';
import type { RelayPlatform } from './relay.ts';
import type { Spool } from './spool.ts';

const config = { featuresTimeout: 0, spoolMaxMb: 1, spoolSegmentMb: 1, shadowQueue: 0, inferVersions: 1 };

export class SpoolLab {
  readonly database: TestDatabase;
  readonly platform: RelayPlatform;
  readonly #bus: EventBus;
  readonly #close: () => Promise<void>;

  private constructor(
    parts: { readonly database: TestDatabase; readonly platform: RelayPlatform; readonly bus: EventBus },
    close: () => Promise<void>,
  ) {
    this.database = parts.database;
    this.platform = parts.platform;
    this.#bus = parts.bus;
    this.#close = close;
  }

  static async open(): Promise<SpoolLab> {
    const database = await testDatabase();
    const { sql, url } = database;
    await migrate(sql, 'serving', [CreateServing1700000006000]);
    const around = { sql, sqlUrl: url, log };
    const bus = await openEventBus(url, around);
    const queue = await openCommandQueue(url, around);
    const clock = (): number => 0;
    const transactions = createTransactions(sql, bus, queue, { service: 'serving', clock });
    await bus.ensureTopics([predictions, exposures].map(({ name }) => ({ name, retentionMs: null, compacted: false })));
    const platform = { name: 'serving', clock, sql, events: bus, transactions, log };
    return new SpoolLab({ database, platform, bus }, async () => {
      await queue.close();
      await bus.close();
      await database.drop();
    });
  }

  close(): Promise<void> {
    return this.#close();
  }

  openSpool(folder: string): Promise<Spool> {
    return openSpool({ ...this.platform, folder, config });
  }

  /** Ids of predictions on the log that begin with `prefix`, in order. */
  async onLog(prefix: string): Promise<string[]> {
    const found: string[] = [];
    for (const { partition, start } of await this.#bus.bounds(predictions.name)) {
      for (const record of await this.#bus.readFrom({ topic: predictions.name, partition }, start, 100_000)) {
        const event = decodeEvent(record);
        const id = isUndecodable(event) ? undefined : (event.data as Served).predictionId;
        if (id?.startsWith(prefix) === true) found.push(id);
      }
    }
    return found;
  }
}
