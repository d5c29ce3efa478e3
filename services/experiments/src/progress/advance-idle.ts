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

/**
 * An answer that has left is on the log within this time: serving's relay tries again at least every five seconds. Answers of a process
 * that died come when it starts again.
 */
const ANSWERS_UNDER_WAY_MS = 10_000;

/** Nothing is left to read of a live source: says how far it is folded. True where something open has learnt of it. */
export async function advanceIdle(needs: IdleNeeds, task: Task): Promise<boolean> {
  const scopes = await needs.scopes.open(needs.sql);
  const isAsked = task.topic === predictions.name || task.topic === exposures.name;
  const subjects = isAsked ? askedSubjects(scopes, needs.sources) : outcomeSubjects(scopes, task.topic, needs.sources);
  if (subjects.length === 0) return false;
  const reached = isAsked ? await askedUntil(needs, task) : await knownUntil(needs, task);
  if (reached === undefined) return false;
  await markEventTimes(
    needs.sql,
    subjects.map((subject) => ({ ...task, subject, reached })),
  );
  return true;
}

/** The deployments whose outcomes are live: where they are imported, so is the time at which questions are asked. */
function askedSubjects(scopes: readonly Scope[], sources: EventSources): string[] {
  const live = scopes.filter(({ spec }) => !outcomeTypesOf(spec).some((type) => sources.isImported(type)));
  return [...new Set(live.map(({ spec }) => spec.deployment))];
}

function outcomeSubjects(scopes: readonly Scope[], topic: string, sources: EventSources): string[] {
  const eventType = eventTypeOf(topic);
  const isOutcome = scopes.some(({ spec }) => outcomeTypesOf(spec).includes(eventType));
  return isOutcome && !sources.isImported(eventType) ? [''] : [];
}

async function askedUntil({ sql, positions, clock }: IdleNeeds, { topic, partition }: Task): Promise<number | undefined> {
  // The clock first: what is answered after this look at the log is after `now`.
  const now = clock();
  const ends = (await positions.endsOf([topic])).filter((end) => end.partition === partition);
  return (await positions.lag(sql, ends)) > 0 ? undefined : now - ANSWERS_UNDER_WAY_MS;
}

/** What ingestion says of the stream counts where everything is folded that was known before (docs/adr/0012). */
async function knownUntil({ sql, positions, sources }: IdleNeeds, task: Task): Promise<number | undefined> {
  const quiet = sources.quiet(eventTypeOf(task.topic));
  if (quiet === undefined) return undefined;
  const said = await positions.said(sql, task);
  return said !== undefined && said >= quiet.after ? quiet.until : undefined;
}

const eventTypeOf = (topic: string): string => topic.slice(acceptedEvents.prefix.length);
