import type { Logger } from '@roofshot/telemetry/logger';
import type { InFlight } from './in-flight.ts';
import type { WaitingLine } from './waiting-line.ts';
import type { WriteKeys } from './write-keys/write-keys.ts';

/** The provider of what the routes need beside the intake. */
export const EVENT_ROUTE_NEEDS = Symbol('what the event routes need');

export interface EventRouteNeeds {
  readonly inFlight: InFlight;
  readonly line: WaitingLine;
  readonly keys: WriteKeys;
  readonly clock: () => number;
  readonly log: Logger;
}
