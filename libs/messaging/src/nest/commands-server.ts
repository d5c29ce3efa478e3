import { Server, type CustomTransportStrategy } from '@nestjs/microservices';
import type { Handler } from '../handlers.ts';
import type { DeliverySetup } from '../delivery-setup.ts';

export declare class CommandsServer extends Server implements CustomTransportStrategy {
  /** `handlers`: the service's table; only its `handle` entries are taken. Make it after `app.init()`. */
  constructor(setup: DeliverySetup, handlers: readonly Handler[]);
  listen(done: (error?: unknown) => void): void;
  /** Drains: running batches end or are aborted (10 s at most). */
  close(): Promise<void>;
  /** False when a partition has lag and made no progress for long: fails liveness. */
  healthy(): boolean;
  /** True when all `follow` handlers have caught up and no partition is stopped. */
  ready(): boolean;
  /** One sentence for each thing that is awaited or stands still; empty when healthy and ready. */
  waitingFor(): string[];
  /** Per topic and partition: position, end, lag, stopped. */
  describe(): readonly unknown[];
  on(): void;
  unwrap<T>(): T;
}
