import { DeadCommands } from '@roofshot/storage/dead-commands';
import { continueFrom, runWith } from '@roofshot/telemetry/context';
import { backOffMs, type BackOffRange } from '../back-off.ts';
import type { ReceivedCommand, Settlement } from '../commands/queue.ts';
import type { CommandHandler, Outcome } from '../handlers.ts';
import { runTransaction } from '../transactions.ts';
import type { DeliverySetup } from './delivery-setup.ts';
import { metrics } from './delivery-metrics.ts';
import { describe, failureOf, isPassing, rejectionOf, type FailureCode } from './failures.ts';
import { readCommand, type AnyCommand } from './read-command.ts';

export interface CommandDeliveryOptions {
  /** A command that failed so often goes to the dead letters. Default 5. */
  readonly attempts?: number;
  /** Pauses between the attempts. Default 500 ms, doubling, at most a minute. */
  readonly retry?: BackOffRange;
}

const ATTEMPTS = 5;
const RETRY = { firstMs: 500, longestMs: 60_000 };
/** What is away for the moment is asked again after this long, however often that has been: it must be noticed soon when it is back. */
const AWAY_MS = 500;

/** Rolls back what a handler wrote before it refused. */
class Refused extends Error {}

type Told = {
  readonly outcome: 'done' | 'skipped' | 'duplicate' | 'retried' | 'dead';
  readonly reason?: string;
  readonly error?: unknown;
  /** Where nothing was thrown. */
  readonly code?: FailureCode;
  /** Whether its letter lies in the service's database. */
  readonly isKept?: boolean;
  readonly isPassing?: boolean;
  /** Somebody has to look at it: nothing tries it again. */
  readonly isExhausted?: boolean;
};

/**
 * Delivers commands to their one handler, the same way for every adapter. The inbox row, what the handler writes and what it says are
 * one transaction: a command that is delivered again after a crash is recognised and only acknowledged. One that dies is kept in the
 * service's database before its queue forgets it.
 */
export class CommandDelivery {
  readonly #setup: DeliverySetup;
  readonly #deadCommands: DeadCommands;
  readonly #attempts: number;
  readonly #retry: BackOffRange;

  constructor(setup: DeliverySetup, { attempts = ATTEMPTS, retry = RETRY }: CommandDeliveryOptions = {}) {
    this.#setup = setup;
    this.#deadCommands = new DeadCommands(setup.schema);
    this.#attempts = attempts;
    this.#retry = retry;
  }

  /** Never throws: what went wrong is in the settlement. */
  deliver(handler: CommandHandler, received: ReceivedCommand): Promise<Settlement> {
    const { headers, id } = received;
    const trace = continueFrom({ traceparent: headers['traceparent'], correlationId: headers['correlationid'] });
    const fields = { 'event.id': id, 'event.action': handler.command.type };
    return runWith({ service: this.#setup.service, ...trace, fields }, () => this.#deliver(handler, received, trace.correlationId));
  }

  async #deliver(handler: CommandHandler, received: ReceivedCommand, correlationid: string): Promise<Settlement> {
    const begun = performance.now();
    const told = await this.#keepDead(received, await this.#answer(handler, received, correlationid));
    this.#tell(handler, told, performance.now() - begun);
    const { outcome, reason = '', isKept: kept = false, isPassing: uncounted = false } = told;
    if (outcome === 'dead') return { kind: 'dead', reason, kept };
    if (outcome !== 'retried') return { kind: 'ack' };
    const delayMs = uncounted ? Math.min(AWAY_MS, this.#retry.longestMs) : backOffMs(received.attempt, this.#retry);
    return { kind: 'retry', delayMs, reason, uncounted };
  }

  async #answer(handler: CommandHandler, received: ReceivedCommand, correlationid: string): Promise<Told> {
    const read = readCommand(handler, received, correlationid);
    if ('reason' in read) return { outcome: 'dead', ...read };
    if (received.attempt <= this.#attempts) return this.#handle(handler, received, read.command);
    const reason = `It was delivered ${received.attempt - 1} times and its consumer died each time.`;
    return { outcome: 'dead', reason, code: 'crashed', isExhausted: true };
  }

  /** While its database is away it is delivered again, and dies again; what the database refuses goes to the queue's own dead letters. */
  async #keepDead({ attempt, ...received }: ReceivedCommand, told: Told): Promise<Told> {
    if (told.outcome !== 'dead') return told;
    const { reason = '', code, error } = told;
    const failure = error === undefined ? { ...(code !== undefined && { code }) } : failureOf(error);
    try {
      await this.#deadCommands.keep(this.#setup.sql, this.#setup.service, [{ ...received, ...failure, reason, attempts: attempt }]);
      return { ...told, isKept: true };
    } catch (fault) {
      if (isPassing(fault)) return { outcome: 'retried', reason: describe(fault), error: fault, isPassing: true };
      this.#setup.log.error('A dead command could not be kept in the database; it goes to the dead letters of its queue.', {
        error: fault,
      });
      return told;
    }
  }

  async #handle(handler: CommandHandler, received: ReceivedCommand, command: AnyCommand): Promise<Told> {
    try {
      return await runTransaction(this.#setup.sql, this.#setup, this.#setup, async (tx): Promise<Told> => {
        if (!(await this.#deadCommands.recordOnce(tx, this.#setup.service, received))) return { outcome: 'duplicate' };
        const outcome: Outcome | undefined = await handler.run(command, tx);
        if (outcome === undefined) throw new TypeError('The handler answered no outcome. Return done(), skip(reason) or reject(reason).');
        if (outcome.kind === 'reject') throw new Refused(outcome.reason);
        return outcome.kind === 'skip' ? { outcome: 'skipped', reason: outcome.reason } : { outcome: 'done' };
      });
    } catch (error) {
      return this.#told(received, error);
    }
  }

  #told(received: ReceivedCommand, error: unknown): Told {
    if (error instanceof Refused) return { outcome: 'dead', reason: error.message, code: 'rejected' };
    const rejection = rejectionOf(error);
    if (rejection !== undefined) return { outcome: 'dead', reason: rejection, error };
    if (isPassing(error)) return { outcome: 'retried', reason: describe(error), error, isPassing: true };
    const isExhausted = received.attempt >= this.#attempts;
    return { outcome: isExhausted ? 'dead' : 'retried', reason: describe(error), error, isExhausted };
  }

  #tell(handler: CommandHandler, { outcome, reason, error, isExhausted = false }: Told, milliseconds: number): void {
    const { type: command, queue } = handler.command;
    metrics['command.ms'](milliseconds, { command });
    metrics['commands.handled'](1, { command, outcome });
    const level = outcome === 'done' ? 'debug' : isExhausted ? 'error' : 'warn';
    this.#setup.log[level](LINES[outcome], {
      'labels.queue': queue,
      'labels.outcome': outcome,
      'event.duration': Math.round(milliseconds * 1e6),
      'event.reason': reason,
      error,
    });
  }
}

const LINES = {
  done: 'A command was handled.',
  skipped: 'The handler skipped a command.',
  duplicate: 'A command that was handled before was acknowledged.',
  retried: 'A command failed and is tried again.',
  dead: 'A command went to the dead letters.',
} as const;
