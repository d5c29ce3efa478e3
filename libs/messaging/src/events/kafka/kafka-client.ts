import { Kafka, logLevel, type LogEntry, type SASLOptions } from 'kafkajs';
import type { Logger } from '@roofshot/telemetry/logger';
import type { KafkaAddress } from './kafka-url.ts';
import { mendConnections } from './mend-connections.ts';
import { quietRequestQueue, quietSockets } from './quiet-kafkajs.ts';

/** A broker that is being restarted is not worth an answer that takes longer. */
const CONNECTION_TIMEOUT_MS = 3_000;
const REQUEST_TIMEOUT_MS = 15_000;
/** Of metadata and connections. What lasts longer is told, and tried again by whoever asked. */
const RETRY = { retries: 3, initialRetryTime: 100, maxRetryTime: 1_000 };

/** kafkajs for this address; its own log lines go to `log`. */
export function kafkaClient({ brokers, ssl, sasl }: KafkaAddress, log: Logger): Kafka {
  quietRequestQueue();
  mendConnections();
  return new Kafka({
    clientId: 'roofshot',
    brokers: [...brokers],
    ssl,
    socketFactory: quietSockets(),
    ...(sasl !== undefined && { sasl: sasl as SASLOptions }), // its type wants one mechanism to be known
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    retry: RETRY,
    logLevel: logLevel.WARN,
    logCreator: () => (entry) => tell(log, entry),
  });
}

/** What kafkajs calls an error is mostly a retry of its own: whoever asked tells the failure when it is one. */
function tell(log: Logger, { level, namespace, log: { message } }: LogEntry): void {
  const fields = { 'labels.kafka': namespace, 'event.reason': message };
  if (level === logLevel.ERROR) log.debug('The Kafka client met an error and deals with it.', fields);
  else log.debug('The Kafka client warns.', fields);
}
