import type { Sql } from '@roofshot/storage/sql';
import type { PortIdentity } from '../agreed-ports.ts';
import type { PortSurroundings } from '../port-surroundings.ts';
import type { CommandQueue } from './queue.ts';

/** A queue that answers and takes what its URL says. It becomes a command queue with the services' database, which may be away for longer. */
export interface ConnectedQueue {
  /** As CommandQueue, as far as it can be done before `open`: where the queue lies in the services' database, nothing yet. */
  ensureQueues(queues: readonly string[]): Promise<void>;
  /** Which queue it is (see agreeOnPort); `sql`: the services' database. Undefined where the server does not tell. */
  identity(sql: Sql): Promise<PortIdentity | undefined>;
  /** Hands the connection on: it ends with the queue, or at once when this throws. */
  open(surroundings: PortSurroundings): Promise<CommandQueue>;
  /** Instead of `open`. */
  close(): Promise<void>;
}
