/** Where RabbitMQ is. */
export interface RabbitAddress {
  /** Nodes of one cluster; one of them is connected to, another one when it is away. */
  readonly nodes: readonly RabbitNode[];
  readonly tls: boolean;
  readonly user: string;
  readonly password: string;
  readonly vhost: string;
  /** A broker that says nothing for two such periods is taken for dead. */
  readonly heartbeatSeconds: number;
  /** So many commands may wait for RabbitMQ in the services' database (see MOST_WAITING). */
  readonly mostWaiting: number | undefined;
}

export interface RabbitNode {
  readonly host: string;
  readonly port: number;
}

const FORM = 'amqp://[user:password@]host[:port][,host[:port]…][/vhost][?heartbeat=10&outbox=500000], or amqps://… for TLS';
const KEYS = ['heartbeat', 'outbox'];
const PLAIN_PORT = 5_672;
const TLS_PORT = 5_671;
const DEFAULT_HEARTBEAT_SECONDS = 10;
/** RabbitMQ's own for a fresh installation; it accepts them from its own machine only. */
const GUEST = 'guest';

/** Reads a COMMANDS_URL of the form above; user, password and vhost are percent-encoded. Throws one error that names every fault in it. */
export function parseRabbitUrl(url: string): RabbitAddress {
  const [, scheme = '', credentials, hosts = '', path = '', query = ''] =
    /^(amqps?):\/\/(?:([^@/?]*)@)?([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/.exec(url) ?? [];
  const faults: string[] = [];
  const tls = scheme === 'amqps';
  const nodes = isCutPassword(credentials, hosts, path) ? [] : nodesOf(hosts, tls ? TLS_PORT : PLAIN_PORT, faults);
  if (nodes.length === 0) faults.push('it names no host, or @ and / in user and password are not written as %40 and %2F');
  const parameters = new URLSearchParams(query);
  const heartbeatSeconds = heartbeatOf(parameters, faults);
  const mostWaiting = mostWaitingOf(parameters, faults);
  const [user = GUEST, password = GUEST] = credentials?.split(':').map((part) => decode(part, faults)) ?? [];
  if (credentials !== undefined && (user === '' || !credentials.includes(':'))) faults.push('user and password must both be given');
  const vhost = path === '' ? '/' : decode(path, faults);
  if (faults.length > 0) throw new Error(`COMMANDS_URL cannot be read: ${faults.join('; ')}. Its form is ${FORM}.`);
  return { nodes, tls, user, password, vhost, heartbeatSeconds, mostWaiting };
}

/** Without the password. */
export function describeNode({ host, port }: RabbitNode): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Whether what stands at the hosts' place is a part of a password, which must not be shown. */
function isCutPassword(credentials: string | undefined, hosts: string, path: string): boolean {
  return hosts.includes('@') || (credentials === undefined && path.includes('@'));
}

function nodesOf(hosts: string, defaultPort: number, faults: string[]): RabbitNode[] {
  const named = hosts.split(',').filter((host) => host !== '');
  return named.map((host) => nodeOf(host, defaultPort, faults));
}

function nodeOf(text: string, defaultPort: number, faults: string[]): RabbitNode {
  const [, v6, name, port = String(defaultPort)] = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = v6 ?? name;
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535) faults.push(`"${text}" is no host:port`);
  return { host: host ?? '', port: Number(port) };
}

function heartbeatOf(parameters: URLSearchParams, faults: string[]): number {
  for (const key of parameters.keys())
    if (!KEYS.includes(key)) faults.push(`there is no parameter "${key}" (there are ${KEYS.join(', ')})`);
  const text = parameters.get('heartbeat') ?? String(DEFAULT_HEARTBEAT_SECONDS);
  if (!/^[1-9]\d{0,2}$/.test(text)) faults.push(`heartbeat is "${text}" and must be a whole number of seconds from 1 to 999`);
  return Number(text);
}

function mostWaitingOf(parameters: URLSearchParams, faults: string[]): number | undefined {
  const text = parameters.get('outbox');
  if (text === null) return undefined;
  if (!/^[1-9]\d{0,8}$/.test(text)) faults.push(`outbox is "${text}" and must be a whole number from 1 to 999999999`);
  return Number(text);
}

function decode(text: string, faults: string[]): string {
  try {
    return decodeURIComponent(text);
  } catch {
    faults.push('a percent sign in user, password or vhost must be written as %25');
    return '';
  }
}
