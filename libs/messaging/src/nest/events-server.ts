import { Server, type CustomTransportStrategy } from '@nestjs/microservices';
import type { ParkedKey } from '@roofshot/storage/parking';
import type { DeliverySetup } from '../delivery/delivery-setup.ts';
import { ServiceConsumption, type PartitionReport } from '../delivery/service-consumption.ts';
import type { Redriven } from '../delivery/redrive.ts';
import type { Handler } from '../handlers.ts';
import { reportTo, stopWithin } from './lifecycle.ts';

/** Running batches get so long to end; what is not committed by then is read again after the next start. */
const DRAIN_MS = 10_000;

/** Brings the event log to a Nest application: attach it with `connectMicroservice({ strategy })` after `app.init()`. */
export class EventsServer extends Server implements CustomTransportStrategy {
  readonly #setup: DeliverySetup;
  readonly #consumption: ServiceConsumption;

  /** `handlers`: the service's table; commands in it are the CommandsServer's. Throws when two handlers would read one topic. */
  constructor(setup: DeliverySetup, handlers: readonly Handler[]) {
    super();
    this.#setup = setup;
    this.#consumption = new ServiceConsumption(setup, handlers);
    for (const { pattern, run } of this.#consumption.patterns) this.addHandler(pattern, run, true);
  }

  /** Starts reading; a failure goes to `done`, because Nest would wait for ever for a throw. */
  listen(done: (error?: unknown) => void): void {
    void reportTo(done, this.#consumption.start());
  }

  async close(): Promise<void> {
    await stopWithin(DRAIN_MS, this.#consumption.stop(), () => {
      this.#setup.log.warn('Batches of events did not end in time; they are rolled back and read again after the next start.');
    });
  }

  /** False when a partition has something to read and made no progress for a minute: a restart may help. */
  healthy(): boolean {
    return this.#consumption.healthy();
  }

  /** Whether everything that is followed has been read once and no partition is stopped. */
  ready(): boolean {
    return this.waitingFor().length === 0;
  }

  /** One sentence for each thing that keeps it from being ready. */
  waitingFor(): string[] {
    return this.#consumption.waitingFor();
  }

  /** Every partition that this process reads. */
  describe(): readonly PartitionReport[] {
    return this.#consumption.describe();
  }

  parkedKeys(topic: string, limit?: number): Promise<ParkedKey[]> {
    return this.#consumption.redrive.parkedKeys(topic, limit);
  }

  /** Handles a parked key's messages in order and lets it flow again; see Redrive. */
  redriveKey(topic: string, key: string): Promise<Redriven> {
    return this.#consumption.redrive.key(topic, key);
  }

  /** There is no client library underneath to listen to. */
  override on(): void {
    throw new Error('EventsServer has no events of a client library. Ask healthy(), ready() or describe().');
  }

  override unwrap<T>(): T {
    return this.#setup.bus as T;
  }
}
