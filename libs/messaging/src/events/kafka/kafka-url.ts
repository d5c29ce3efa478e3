/** Where a Kafka cluster is, and how topics are made there. */
export interface KafkaAddress {
  /** `host:port` of some of its brokers; the others are learnt from them. */
  readonly brokers: readonly string[];
  readonly ssl: boolean;
  readonly sasl?: { readonly mechanism: SaslMechanism; readonly username: string; readonly password: string };
  /** Of topics that are created from now on; it cannot change later, because a key would change its partition. */
  readonly partitions: number;
  /** Copies of each partition; without it 3, or as many as there are brokers. */
  readonly replication: number | undefined;
  /** So many messages may wait for Kafka in the services' database (see MOST_WAITING). */
  readonly mostWaiting: number | undefined;
}

const MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;
type SaslMechanism = (typeof MECHANISMS)[number];

const FORM = 'kafka://[user:password@]host:port[,host:port…][?ssl=true&sasl=scram-sha-512&partitions=6&replication=3&outbox=500000]';
const KEYS = ['ssl', 'sasl', 'partitions', 'replication', 'outbox'];
const DEFAULT_PARTITIONS = 6;
/** Of partitions and replicas. */
const MOST_COPIES = 9_999;
const MOST_COUNTED = 1_000_000_000;

/** Reads an EVENTS_URL of the form above. Throws one error that names every fault in it. */
export function parseKafkaUrl(url: string): KafkaAddress {
  const [, credentials, hosts = '', query = ''] = /^kafka:\/\/(?:([^@/?]*)@)?([^/?]*)\/?(?:\?(.*))?$/.exec(url) ?? [];
  const parameters = new URLSearchParams(query);
  const faults: string[] = [];
  const brokers = hosts.split(',').filter((host) => host !== '');
  if (brokers.length === 0) faults.push('it names no broker');
  // Then what stands at the broker's place is the end of a password.
  if (hosts.includes('@')) faults.push('an @ in user or password must be written as %40');
  else for (const broker of brokers) if (!isAddress(broker)) faults.push(`"${broker}" is no host:port`);
  for (const key of parameters.keys())
    if (!KEYS.includes(key)) faults.push(`there is no parameter "${key}" (there are ${KEYS.join(', ')})`);
  const partitions = countOf(parameters, 'partitions', faults) ?? DEFAULT_PARTITIONS;
  const replication = countOf(parameters, 'replication', faults);
  const mostWaiting = countOf(parameters, 'outbox', faults);
  const ssl = flagOf(parameters, 'ssl', faults);
  const sasl = saslOf(credentials, parameters.get('sasl'), faults);
  if (faults.length > 0) throw new Error(`EVENTS_URL cannot be read: ${faults.join('; ')}. Its form is ${FORM}.`);
  return { brokers, ssl, partitions, replication, mostWaiting, ...(sasl !== undefined && { sasl }) };
}

function isAddress(broker: string): boolean {
  const [, port] = /^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})$/.exec(broker) ?? [];
  return port !== undefined && Number(port) > 0 && Number(port) < 65_536;
}

function countOf(parameters: URLSearchParams, key: string, faults: string[]): number | undefined {
  const text = parameters.get(key);
  if (text === null) return undefined;
  const most = key === 'outbox' ? MOST_COUNTED : MOST_COPIES;
  if (!/^[1-9]\d*$/.test(text) || Number(text) > most) faults.push(`${key} is "${text}" and must be a whole number from 1 to ${most}`);
  return Number(text);
}

function flagOf(parameters: URLSearchParams, key: string, faults: string[]): boolean {
  const text = parameters.get(key) ?? 'false';
  if (text !== 'true' && text !== 'false') faults.push(`${key} is "${text}" and must be true or false`);
  return text === 'true';
}

function saslOf(credentials: string | undefined, named: string | null, faults: string[]): KafkaAddress['sasl'] {
  if (credentials === undefined) {
    if (named !== null) faults.push('sasl needs user:password@ before the first broker');
    return undefined;
  }
  const [username = '', password = ''] = credentials.split(':').map(decode);
  const mechanism = MECHANISMS.find((candidate) => candidate === (named ?? 'plain'));
  if (username === '' || password === '') faults.push('user and password must both be given, percent-encoded');
  if (mechanism === undefined) faults.push(`sasl is "${named}" and must be one of ${MECHANISMS.join(', ')}`);
  return mechanism === undefined ? undefined : { mechanism, username, password };
}

/** Empty where it cannot be decoded. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
