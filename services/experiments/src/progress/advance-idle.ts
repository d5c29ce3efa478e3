import { acceptedEvents } from '@roofshot/contracts/events';
import { exposures, predictions } from '@roofshot/contracts/predictions';
import type { Sql } from '@roofshot/storage/sql';
import { outcomeTypesOf, type Scope } from '../join/scope.ts';
import type { Scopes } from '../join/scope-store.ts';
import type { EventSources } from './event-sources.ts';
import { markEventTimes } from './event-times.ts';
import type { Positions } from './positions.ts';

export interface IdleNeeds {
  readonly sql: Sql;
  readonly scopes: Scopes;
  readonly positions: Positions;
  readonly sources: EventSources;
  readonly clock: () => number;
}

interface Task {
  readonly topic: string;
  readonly partition: number;
}

/** Nothing is left to read of a live source: everything before now is folded. True where something open has learnt of it. */
export async function advanceIdle({ sql, scopes, positions, sources, clock }: IdleNeeds, task: Task): Promise<boolean> {
  const subjects = new Set((await scopes.open(sql)).flatMap((scope) => subjectOf(scope, task.topic, sources) ?? []));
  if (subjects.size === 0) return false;
  // The clock first: what comes after this look at the log is after `now`.
  const now = clock();
  const ends = (await positions.endsOf([task.topic])).filter(({ partition }) => partition === task.partition);
  if ((await positions.lag(sql, ends)) > 0) return false;
  await markEventTimes(
    sql,
    [...subjects].map((subject) => ({ ...task, subject, reached: now })),
  );
  return true;
}

/** Under what the task's event time is kept for the scope; undefined where it is none of its sources, or an imported one. */
function subjectOf({ spec }: Scope, topic: string, sources: EventSources): string | undefined {
  const types = outcomeTypesOf(spec);
  if (topic === predictions.name || topic === exposures.name)
    return types.some((type) => sources.isImported(type)) ? undefined : spec.deployment;
  const eventType = topic.slice(acceptedEvents.prefix.length);
  return types.includes(eventType) && !sources.isImported(eventType) ? '' : undefined;
}
