import { constants } from 'node:os';
import { inspect } from 'node:util';
import { log } from '@roofshot/telemetry/logger';
import { logsToFile } from './env.ts';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/**
 * Stops once on SIGTERM or SIGINT and then ends the process: 0 after a clean stop, 1 otherwise. A second signal ends it at once;
 * nothing accepted is lost by that, as by kill -9.
 */
export function stopOnSignals(stop: () => Promise<void>): void {
  let isStopping = false;
  const heard = (signal: (typeof SIGNALS)[number]): void => {
    if (isStopping) process.exit(128 + constants.signals[signal]);
    isStopping = true;
    log.info('Stopping because of a signal.', { 'labels.signal': signal });
    stop().then(
      () => process.exit(0),
      () => process.exit(1), // what failed in it is in its log
    );
  };
  for (const signal of SIGNALS) process.on(signal, heard);
  process.on('uncaughtExceptionMonitor', (error) => log.fatal('The process ends because of an uncaught error.', { error }));
}

/** Somewhat more than servers get to take the last of a log. */
const CRASH_MS = 5_000;

/**
 * For a process whose log is also sent to servers: after an uncaught error, which Node answers by ending the process at once, `close`
 * may first send what is left of it. Otherwise the end is the same, with the error on standard error and code 1.
 */
export function endAfterCrash(close: () => Promise<void>): void {
  process.once('uncaughtException', (error) => {
    process.on('uncaughtException', () => undefined); // what else fails meanwhile is logged as well
    process.stderr.write(`${inspect(error)}\n`);
    const end = (): never => process.exit(1);
    setTimeout(end, CRASH_MS);
    close().then(end, end);
  });
}

const logged = new WeakSet<object>();

/** While the log is still open: where the log is a file, the end of a failed start must not be missing in it. */
export function logFailedStart(error: unknown): void {
  log.fatal('The start failed.', { error });
  if (typeof error === 'object' && error !== null) logged.add(error);
}

/** Tells why the start failed, in sentences for the person who started it, and ends the process. */
export function endOnFault(error: unknown): never {
  const isLogged = typeof error === 'object' && error !== null && logged.has(error);
  // A person at a terminal reads the sentences below, and nobody reads a log here where it is a file.
  if (!isLogged && !process.stdout.isTTY && !logsToFile()) logFailedStart(error);
  process.stderr.write(`${sentences(error).join('\n')}\n`);
  process.exit(1);
}

function sentences(error: unknown): string[] {
  if (error instanceof AggregateError) return [error.message, ...error.errors.flatMap(sentences)];
  return [error instanceof Error ? error.message : String(error)];
}
