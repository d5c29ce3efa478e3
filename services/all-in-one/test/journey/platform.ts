/** What the journey needs of a platform, however many processes it has and whatever servers stand behind it. */

import type { ServerUrls } from '@roofshot/testing/platform-servers';

export interface Platform {
  /** Of the one door. */
  readonly url: string;
  /** What can be ended by itself, each by its name. */
  readonly parts: readonly string[];
  /** Starts all parts; done when all are ready. */
  start(): Promise<void>;
  /** kill -9: nothing of the part runs any more. */
  kill(part: string): Promise<void>;
  /** After a kill; done when the part is ready again. */
  restart(part: string): Promise<void>;
  /** In order. Throws when a part does not end as it should. */
  stop(): Promise<void>;
  /** Where its event log is, for those who want to see what was said; while it runs. */
  servers(): Promise<ServerUrls & { readonly SQL_URL: string }>;
}

/** A way to run the platform. */
export interface Topology {
  readonly name: string;
  /** Nothing is started yet. `folder`: empty; all that the platform keeps goes there. */
  open(folder: string): Promise<Platform>;
}
