import { accessSync, constants } from 'node:fs';

/** Parses a PostgreSQL URL, also one without a host (`postgres://user:password@/database?host=/run/postgresql`); undefined when it is none. */
export function parseSqlUrl(url: string): URL | undefined {
  const whole = url.replace(/^(\w+:\/\/[^/]*@)\//, '$1localhost/'); // a URL with a user must have a host
  return URL.canParse(whole) ? new URL(whole) : undefined;
}

/** host:port/database of a PostgreSQL URL, without user and password: fit for logs and errors. */
export function describeUrl(url: string): string {
  const parsed = parseSqlUrl(url);
  if (parsed === undefined) return 'an address that is not a URL';
  return `${parsed.searchParams.get('host') ?? parsed.host}${parsed.pathname}`;
}

const FORM = 'postgres://user:password@host:port/database[?sslmode=verify-full&sslrootcert=FILE]';
/** What reaches the driver; others would be passed over in silence, and a misspelt sslmode would leave the connection without TLS. */
const PARAMETERS = [
  'host',
  'port',
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'sslnegotiation',
  'uselibpqcompat',
  'application_name',
  'options',
  'idle_in_transaction_session_timeout',
  'lock_timeout',
  'statement_timeout',
];
const FILES = ['sslrootcert', 'sslcert', 'sslkey'];
/** As the driver names them; `prefer`, `require` and `verify-ca` prove the server's certificate and name as `verify-full` does. */
const SSL_MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'];

/** Throws one error that names every fault in a PostgreSQL URL, without its password. */
export function refuseWrongSqlUrl(url: string): void {
  const parsed = parseSqlUrl(url);
  const faults = parsed === undefined ? ['it is no URL'] : [...cutPassword(parsed), ...parameterFaults(parsed.searchParams)];
  if (faults.length > 0) throw new Error(`The address of the database cannot be read: ${faults.join('; ')}. Its form is ${FORM}.`);
}

/** After a slash in a password its rest stands at the database's place, and would be told as that. */
function cutPassword({ pathname }: URL): string[] {
  return pathname.includes('@') ? ['a slash in user or password must be written as %2F'] : [];
}

function parameterFaults(parameters: URLSearchParams): string[] {
  const mode = parameters.get('sslmode');
  return [
    ...[...parameters.keys()]
      .filter((key) => !PARAMETERS.includes(key))
      .map((key) => `there is no parameter "${key}" (there are ${PARAMETERS.join(', ')})`),
    ...(mode === null || SSL_MODES.includes(mode) ? [] : [`sslmode is "${mode}" and must be one of ${SSL_MODES.join(', ')}`]),
    ...FILES.flatMap((key) => unreadable(key, parameters.get(key))),
  ];
}

/** The driver would say of a missing file what it says of a server that is away. */
function unreadable(key: string, file: string | null): string[] {
  if (file === null) return [];
  try {
    accessSync(file, constants.R_OK);
    return [];
  } catch (error) {
    return [`${key} names ${file}, which cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`];
  }
}
