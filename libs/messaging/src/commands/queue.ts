import type { Queryable } from '@roofshot/storage/sql';

/** A command on its way: JSON text plus headers (`correlationid`, `traceparent`, `time`). */
export interface OutgoingCommand {
  readonly queue: string;
  /** Natural id of the command. Sent twice within the horizon (7 days), it is handled once. */
  readonly id: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: string;
  /** Not before so many milliseconds from now; a broker may round it up. */
  readonly delayMs?: number;
}

export interface ReceivedCommand extends OutgoingCommand {
  /** 1 for the first delivery. */
  readonly attempt: number;
  /** Epoch milliseconds of the first retry, where there was one. */
  readonly firstFailedAt?: number;
}

/** What became of a delivery. */
export type Settlement =
  | { readonly kind: 'ack' }
  | {
      readonly kind: 'retry';
      readonly delayMs: number;
      readonly reason: string;
      /** The command is not to blame (a full disk, a database that is away): this delivery does not count as an attempt. */
      readonly uncounted?: boolean;
    }
  | {
      readonly kind: 'dead';
      readonly reason: string;
      /** Its consumer keeps it in its own database: the queue forgets it, and takes it anew when it is sent again under its id. */
      readonly kept?: boolean;
    };

export interface DeadCommand extends ReceivedCommand {
  readonly reason: string;
  /** A word for the reason, where there is one. */
  readonly code?: string;
  /** Epoch milliseconds; 0: nobody wrote it down. */
  readonly diedAt: number;
}

export interface QueueConsumption {
  /** Commands that this consumer is handling, and when it last settled one (epoch ms; its start when it has settled none). */
  health(): { readonly running: number; readonly settledAt: number };
  /** No further delivery; the running ones end first. */
  stop(): Promise<void>;
}

/**
 * The command queue. Promises, the same for every adapter (queue.conformance.ts):
 * - durable once `send` resolves;
 * - one handler at a time for what was sent once: settled after the outcome, delivered again when its consumer died (its lease or its connection has ended);
 * - `retry` comes back after its delay with a higher attempt, or the same where it is uncounted; `dead` goes to the queue's dead letters, unless
 *   its consumer keeps it, and lies there until somebody adopts it;
 * - the same (queue, id) sent again within the horizon is handled once: the queue recognises it, or else the inbox in the consumer's
 *   database does, in which two deliveries at the same time meet as well (command-delivery.ts, command-delivery.conformance.ts);
 * - `sendIn` sends exactly when the caller's transaction commits, or never.
 * There is no order between commands and no priority.
 */
export interface CommandQueue {
  /** `sendIn` writes into the caller's own database (see EventBus). */
  readonly sharesDatabase: boolean;
  /** Creates what is missing. Throws `ServerRefusal` where a right is missing, or one is there that was made in another way. */
  ensureQueues(queues: readonly string[]): Promise<void>;
  send(commands: readonly OutgoingCommand[]): Promise<void>;
  /** Call `announce` after the commit. */
  sendIn(tx: Queryable, commands: readonly OutgoingCommand[]): Promise<void>;
  /** A transaction with `sendIn` to these queues has committed: consumers learn of it now and not at their next look. */
  announce(queues: Iterable<string>): void;
  consume(
    queue: string,
    handler: (command: ReceivedCommand) => Promise<Settlement>,
    options?: { concurrency?: number },
  ): Promise<QueueConsumption>;
  /** What lies in the queue's own dead letters. */
  deadLetters(queue: string): Promise<DeadCommand[]>;
  /**
   * Hands what lies in the queue's own dead letters to `keep`, a part of them at a time, and forgets each part once `keep` has resolved;
   * answers how many. After a crash between the two they are handed over again. From then on the queue takes their ids anew.
   */
  adoptDead(queue: string, keep: (letters: readonly DeadCommand[]) => Promise<void>): Promise<number>;
  /** Commands that wait, also for the end of a delay, or run; what runs in other processes, where the queue can see it. Throws when there is no such queue. */
  depth(queue: string): Promise<number>;
  /** What keeps it from working at the moment (a broker that is away, or takes no messages): a sentence each, with the remedy. Empty when all is well. */
  waitingFor(): readonly string[];
  /** What can never leave and was set aside, a sentence with the remedy: nothing waits for it. Empty when all is well. */
  setAside(): readonly string[];
  /** Why `sendIn` throws `OutOfRoom` at the moment: too much waits for a broker. Undefined while it takes. */
  refusal(): string | undefined;
  close(): Promise<void>;
}
