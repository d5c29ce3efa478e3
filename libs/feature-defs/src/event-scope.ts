/** An event as views, labels and metrics read it. */
import type { Scope, Variables } from './expressions.ts';

/** What expressions over an event may read: `data` (anything), `subject` (a text, or null), `time` (epoch milliseconds). */
export const EVENT_VARIABLES: Variables = { data: 'any', subject: 'string', time: 'number' };

export interface ViewEvent {
  readonly id: string;
  readonly data: unknown;
  readonly subject?: string | undefined;
  /** Event time, epoch milliseconds. */
  readonly time: number;
  /** Known time, epoch milliseconds. */
  readonly knownTime: number;
}

/** Variables of one event for `EVENT_VARIABLES`. */
export function eventScope(event: ViewEvent): Scope {
  return { data: event.data, subject: event.subject ?? null, time: event.time };
}
