/** A stream of lines in, a stream of verdicts out. */
import type { Readable } from 'node:stream';
import type { EventResult } from '@roofshot/contracts/http/ingestion';
import { problemOf } from '@roofshot/runtime/errors';
import { failureLevel } from '@roofshot/storage/failure-level';
import type { EventIntake } from './event-intake.ts';
import type { RequestTrace, SaidProgress } from './event-record.ts';
import type { EventRouteNeeds } from './event-route-needs.ts';
import { metrics } from './metrics.ts';
import { readLineGroups, type LineGroup } from './read-lines.ts';
import { countVerdicts } from './verdicts.ts';
import type { WriteKey } from './write-keys/write-key.ts';

export interface LineAnswer {
  readonly trace: RequestTrace;
  readonly progress: SaidProgress | undefined;
  readonly signal: AbortSignal;
  readonly key: WriteKey | undefined;
  readonly needs: EventRouteNeeds;
}

/**
 * A verdict line for each event as soon as it is durable, then a line with the sums. Progress is said behind the last event. When the
 * rest cannot be taken, the last line says why instead: what has no verdict was not taken.
 */
export async function* answerLines(intake: EventIntake, body: Readable, answer: LineAnswer): AsyncGenerator<string> {
  const { trace, progress, signal, key, needs } = answer;
  const totals = countVerdicts([]);
  try {
    for await (const { commit, lines } of oneAhead(readyGroups(intake, body, answer))) {
      signal.throwIfAborted();
      const results = await commit();
      countReasons(results);
      for (const { verdict } of results) totals[verdict] += 1;
      yield results.map((result, index) => `${JSON.stringify({ line: lines[index], ...result })}\n`).join('');
    }
    if (progress !== undefined) await intake.submit({ events: [], trace, progress, key });
    yield `${JSON.stringify({ summary: totals })}\n`;
  } catch (error) {
    if (signal.aborted) throw error; // nobody is there to read it
    const problem = problemOf(error, trace.correlationid);
    if (problem.status >= 500)
      needs.log[failureLevel(error)]('The rest of a stream of lines could not be taken; its sender was told.', { error });
    yield `${JSON.stringify({ error: problem, summary: totals })}\n`;
  }
}

export function countReasons(results: readonly EventResult[]): void {
  for (const { reason } of results) if (reason !== undefined) metrics['events.refused'](1, { reason });
}

interface ReadyGroup extends Pick<LineGroup, 'lines'> {
  readonly commit: () => Promise<EventResult[]>;
}

async function* readyGroups(intake: EventIntake, body: Readable, { trace, signal, key, needs }: LineAnswer): AsyncGenerator<ReadyGroup> {
  for await (const { events, lines } of readLineGroups(body)) {
    await needs.keys.admitted(key, events.length, signal);
    yield { lines, commit: await intake.ready({ events, trace, key }) };
  }
}

/** The next one is read and checked while the database commits the one before; none is committed before its turn. */
async function* oneAhead<T>(source: AsyncGenerator<T>): AsyncGenerator<T> {
  try {
    for (let next = source.next(); ;) {
      const { done, value } = await next;
      if (done === true) return;
      next = source.next();
      next.catch(() => undefined); // told when its turn comes
      yield value;
    }
  } finally {
    void source.return(undefined).catch(() => undefined); // it may be waiting for a sender who has stopped
  }
}
