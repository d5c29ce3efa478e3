import type { RunningServer } from './running-server.ts';
import type { Place } from './server-kind.ts';

/** One way to have a server. */
export interface Way {
  /** Has at hand what the start needs: an image, programs. @throws NotToBeHad where this way is closed */
  prepare(): Promise<void>;
  start(): Promise<RunningServer>;
}

/** A server's folder and what its test wants changed. */
export type Wish = Pick<Place, 'folder' | 'settings'>;
