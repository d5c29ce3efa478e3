/** Where a Redis is, as ONLINE_URL says it. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
  /** Before every key. */
  readonly prefix: string;
}

const FORM = 'redis://[user:password@]host[:port][/database][?prefix=roofshot:], or rediss://… for TLS';
const PORT = 6_379;

/** Reads an ONLINE_URL of the form above; user and password are percent-encoded. Throws one error that names every fault in it. */
export function parseRedisUrl(url: string): RedisAddress {
  const address = URL.parse(url);
  const faults = address === null ? ['it is no URL'] : faultsOf(address);
  if (address === null || faults.length > 0) throw new Error(`ONLINE_URL cannot be read: ${faults.join('; ')}. Its form is ${FORM}.`);
  return {
    host: address.hostname.replace(/^\[|\]$/g, ''),
    port: address.port === '' ? PORT : Number(address.port),
    tls: address.protocol === 'rediss:',
    username: address.username === '' ? undefined : decodeURIComponent(address.username),
    password: address.password === '' ? undefined : decodeURIComponent(address.password),
    database: Number(address.pathname.slice(1)),
    prefix: address.searchParams.get('prefix') ?? 'roofshot:',
  };
}

function faultsOf({ hostname, pathname, searchParams, username, password }: URL): string[] {
  const unknown = [...searchParams.keys()].filter((key) => key !== 'prefix');
  return [
    ...(hostname === '' ? ['it names no host'] : []),
    ...databaseFaults(pathname),
    ...(isDecodable(username) && isDecodable(password) ? [] : ['a percent sign in user or password must be written as %25']),
    ...unknown.map((key) => `there is no parameter "${key}" (there is prefix)`),
  ];
}

/** After a slash in a password its rest stands at the database's place; it must not be shown. */
function databaseFaults(pathname: string): string[] {
  if (/^(\/\d{0,5})?$/.test(pathname)) return [];
  return [
    pathname.includes('@') ? 'a slash in user or password must be written as %2F' : `the database "${pathname.slice(1)}" is no number`,
  ];
}

function isDecodable(encoded: string): boolean {
  try {
    decodeURIComponent(encoded);
    return true;
  } catch {
    return false;
  }
}
