/** What it means that a trial's process has ended. Pure. */
import type { AttemptEnd } from '../runs/settle-trial.ts';
import type { Report } from './trainer-messages.ts';
import type { ProcessEnd } from './trainer-server.ts';

export interface Told {
  readonly failure?: Extract<Report, { type: 'failed' }> | undefined;
  readonly model?: Extract<Report, { type: 'model' }> | undefined;
  readonly isFinished: boolean;
  /** Why we ended it, if we did. */
  readonly stopped: 'released' | 'silent' | undefined;
  readonly ended: ProcessEnd;
  readonly silenceMs: number;
}

export const RELEASED = 'It was given back: the run was cancelled, or this service stops.';

const SIGNALS: Readonly<Record<number, string>> = { 6: 'SIGABRT', 9: 'SIGKILL', 11: 'SIGSEGV', 15: 'SIGTERM' };

/** A result that was reported counts, whatever came after. A failure that the trainer explained is not tried again; a lost process is. */
export function endOf({ failure, model, isFinished, stopped, ended, silenceMs }: Told): Pick<AttemptEnd, 'kind' | 'reason'> {
  if (isFinished && model !== undefined) return { kind: 'finished', reason: '' };
  if (stopped === 'released') return { kind: 'released', reason: RELEASED };
  if (stopped === 'silent') {
    return { kind: 'lost', reason: `Its process said nothing for ${silenceMs / 1000} s (it beats each second) and was ended.` };
  }
  if (failure !== undefined && failure.kind !== 'cancelled') return { kind: 'failed', reason: sentences(failure.error, failure.hint) };
  if (ended.code === undefined) return { kind: ended.isUnusable ? 'failed' : 'lost', reason: ended.reason };
  return { kind: 'lost', reason: `Its process ended without a result: ${describeExit(ended.code)}.` };
}

function sentences(error: string, hint: string): string {
  return `${error.trimEnd().replace(/([^.!?])$/, '$1.')} ${hint}`.trim();
}

function describeExit(code: number): string {
  if (code >= 0) return `exit code ${code}`;
  const name = SIGNALS[-code] ?? `signal ${-code}`;
  return code === -9 ? `${name}, most often for want of memory` : name;
}
