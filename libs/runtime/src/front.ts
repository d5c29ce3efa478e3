import type { Server } from 'node:http';
import type { Environment } from './env.ts';

/** A service as what stands before it sees it. */
export interface Fronted {
  readonly name: string;
  readonly url: string;
  /** The paths that it answers (see `httpPrefixesOf`). */
  readonly prefixes: readonly string[];
  /** Absent while the service waits for its servers: then only `url` answers, with what it waits for. */
  readonly server?: Server;
}

/**
 * Opens what stands before the services, such as a gateway. Called where the start has to wait, and stopped and called again when the
 * services listen.
 */
export type Front = (services: readonly Fronted[], environment: Environment) => Promise<{ stop(): Promise<void> }>;
