import type { Sql } from '@roofshot/storage/sql';
import type { Logger } from '@roofshot/telemetry/logger';
import type { EventBus } from './bus.ts';

export interface PortSurroundings {
  /** The services' database. The bus shares its pool where `url` names the same database, and else keeps its outbox there. */
  readonly sql: Sql;
  /** The text from which `sql` was opened: an equal `url` means the same database. */
  readonly sqlUrl: string;
  readonly log: Logger;
}

export declare function openEventBus(url: string, surroundings: PortSurroundings): Promise<EventBus>;
