/** What the live feed does not tell, asked of the services: how far event time is, and what the experiments found. */
import type { ExperimentResults } from '@roofshot/contracts/http/experiments';

/** Of services that answered. */
export interface Asked {
  /** Event time before which features have applied everything, epoch milliseconds; null before the first event. */
  readonly eventTime?: number | null;
  /** Those that a reader wants first, first. */
  readonly experiments?: readonly ExperimentResults[];
}

/** Event time moves while people look; a replay passes hours in a second. */
const EVERY_MS = 2_000;
/** More do not fit on one page; the others are asked for by `roofshot get`. */
const EXPERIMENTS = 3;

interface Listed {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly state?: string; readonly startedAt?: string };
}

/** Asks again and again, while somebody looks, those of the services that are there. Answers how to stop. */
export function keepAsking(services: readonly string[], tell: (asked: Asked) => void): () => void {
  const leaving = new AbortController();
  let timer: number | undefined;
  const round = async (): Promise<void> => {
    if (!document.hidden) {
      const asked = await askAll(services, leaving.signal);
      if (!leaving.signal.aborted) tell(asked);
    }
    if (!leaving.signal.aborted) timer = window.setTimeout(() => void round(), EVERY_MS);
  };
  void round();
  return () => {
    leaving.abort();
    window.clearTimeout(timer);
  };
}

async function askAll(services: readonly string[], signal: AbortSignal): Promise<Asked> {
  const [eventTime, experiments] = await Promise.all([
    services.includes('features') ? answered(askEventTime(signal)) : undefined,
    services.includes('experiments') ? answered(askExperiments(signal)) : undefined,
  ]);
  return { ...(eventTime !== undefined && { eventTime }), ...(experiments !== undefined && { experiments }) };
}

/** A service that does not answer is shown as such by the feed; what it said before stays. */
async function answered<T>(question: Promise<T>): Promise<T | undefined> {
  return question.catch(() => undefined);
}

async function askEventTime(signal: AbortSignal): Promise<number | null> {
  const { progress } = await ask<{ progress: string | null }>('/v1/features/progress', signal);
  return progress === null ? null : Date.parse(progress);
}

async function askExperiments(signal: AbortSignal): Promise<readonly ExperimentResults[]> {
  const { items } = await ask<{ items: readonly Listed[] }>('/v1/experiments', signal);
  const names = mostWanted(items).map(({ metadata }) => metadata.name);
  return Promise.all(names.map((name) => ask<ExperimentResults>(`/v1/experiments/${encodeURIComponent(name)}/results`, signal)));
}

/** The running first, then the last started, then those that were not started. */
export function mostWanted(items: readonly Listed[]): readonly Listed[] {
  const rank = ({ status }: Listed): string => `${status?.state === 'running' ? 1 : 0} ${status?.startedAt ?? ''}`;
  return items.toSorted((a, b) => rank(b).localeCompare(rank(a))).slice(0, EXPERIMENTS);
}

async function ask<T>(path: string, signal: AbortSignal): Promise<T> {
  const answer = await fetch(path, { signal });
  if (!answer.ok) throw new Error(`${path} answers ${answer.status}`);
  return (await answer.json()) as T;
}
