import type { Sql } from '@roofshot/storage/sql';
import type { Logger } from '@roofshot/telemetry/logger';
import type { Outlets } from '../message-buffer.ts';
import type { Speaker } from '../speaker.ts';

/** What delivering to one service needs. The service's name is its consumer group and the source of what it says. */
export interface DeliverySetup extends Outlets, Speaker {
  /** The service's own SQL schema: positions, inbox, parked keys and dead letters lie there. */
  readonly schema: string;
  readonly sql: Sql;
  readonly log: Logger;
}
