import type { Sql } from '@roofshot/storage/sql';
import type { PortIdentity } from '../agreed-ports.ts';
import type { PortSurroundings } from '../port-surroundings.ts';
import type { EventBus, TopicSpec } from './bus.ts';

/** A log that answers and takes what its URL says. It becomes a bus with the services' database, which may be away for longer. */
export interface ConnectedBus {
  /** As EventBus, as far as it can be done before `open`: where the log lies in the services' database, nothing yet. */
  ensureTopics(topics: readonly TopicSpec[]): Promise<void>;
  /** Which log it is (see agreeOnPort); `sql`: the services' database. Undefined where the server does not tell. */
  identity(sql: Sql): Promise<PortIdentity | undefined>;
  /** Hands the connection on: it ends with the bus, or at once when this throws. */
  open(surroundings: PortSurroundings): Promise<EventBus>;
  /** Instead of `open`. */
  close(): Promise<void>;
}
