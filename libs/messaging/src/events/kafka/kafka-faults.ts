import { lostServer } from '@roofshot/storage/sql-errors';

/** kafkajs' names for a cluster that does not answer (any more). */
const AWAY = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSBrokerNotFound',
  'KafkaJSNumberOfRetriesExceeded',
  'KafkaJSLockTimeout',
]);

/** The same failure, as one that passes when Kafka is there again; others as they are. */
export function asAway(error: unknown, brokers: readonly string[], outcome: 'not applied' | 'unknown'): unknown {
  if (!(error instanceof Error) || !AWAY.has(error.name)) return error;
  return lostServer(`Kafka at ${brokers.join(', ')}`, describe(error), outcome, error);
}

/** kafkajs wraps what happened in what it gave up doing. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error && !error.message.includes(cause.message) ? `${error.message} (${cause.message})` : error.message;
}
