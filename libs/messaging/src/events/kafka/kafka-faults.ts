import { lostServer, ServerRefusal } from '@roofshot/storage/sql-errors';
import type { KafkaAddress } from './kafka-url.ts';

/** kafkajs' names for a cluster that does not answer (any more). */
const AWAY = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSBrokerNotFound',
  'KafkaJSNumberOfRetriesExceeded',
  'KafkaJSLockTimeout',
]);
const NO_RIGHT = /_AUTHORIZATION_FAILED$/;

export const nameOf = ({ brokers }: KafkaAddress): string => `Kafka at ${brokers.join(', ')}`;

/** The same failure, as one that passes when Kafka is there again, or as one of rights; others as they are. */
export function asFault(error: unknown, address: KafkaAddress, outcome: 'not applied' | 'unknown'): unknown {
  if (!(error instanceof Error)) return error;
  if (NO_RIGHT.test(typeOf(error))) return missingRight(address, describe(error), error);
  if (!AWAY.has(error.name)) return error;
  return lostServer(nameOf(address), describe(error), outcome, error);
}

/** `what`: the right that is missing, or Kafka's words for it. */
export function missingRight(address: KafkaAddress, what: string, cause?: unknown): ServerRefusal {
  const user = address.sasl?.username;
  const whom = user === undefined ? 'clients without credentials' : `the user "${user}"`;
  const grant = `kafka-acls --bootstrap-server ${address.brokers[0]} --add --allow-principal User:${user ?? 'ANONYMOUS'} --operation … --topic …`;
  return new ServerRefusal(
    `${nameOf(address)} (EVENTS_URL) does not give ${whom} the rights that are needed: ${what}. Grant them: ${grant}`,
    {
      cause,
    },
  );
}

/** kafkajs wraps what happened in what it gave up doing. */
export function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error && !error.message.includes(cause.message) ? `${error.message} (${cause.message})` : error.message;
}

/** Kafka's own name of the error, such as TOPIC_AUTHORIZATION_FAILED; empty where it comes from the client. */
export function typeOf(error: unknown): string {
  const { type, cause } = error as { type?: unknown; cause?: unknown };
  if (typeof type === 'string') return type;
  return cause instanceof Error ? typeOf(cause) : '';
}

const SASL_STATE = /ILLEGAL_SASL_STATE|UNSUPPORTED_SASL_MECHANISM/;

/** What to do where Kafka cannot be connected to, told by how that went. */
export function remedyOf(error: unknown): string {
  if (!(error instanceof Error)) return 'Start it, or correct the address.';
  if (error.name === 'KafkaJSSASLAuthenticationError') return 'Correct user and password, percent-encoded, or the mechanism (sasl=…).';
  if (SASL_STATE.test(typeOf(error)))
    return 'Its port takes no such login: leave user and password out, name its mechanism (sasl=scram-sha-512), or choose its port for clients with a login.';
  if (error.name === 'KafkaJSServerDoesNotSupportApiKey')
    return "It is no broker's port (a controller has one, too), or it is too old: correct the address, or upgrade Kafka to 2.8 or later.";
  if (/ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|timeout/i.test(describe(error)))
    return 'Start it, or correct the address.';
  return 'Start it, or correct the address: this port may be of another server, or may want a login (user:password@) or TLS (ssl=true), or none.';
}
