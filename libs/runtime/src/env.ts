/** The only reader of the environment. Everything has a default: with nothing set, all state lies in one folder. */
import { resolve } from 'node:path';
import { Type, type Static, type TObject, type TSchema } from 'typebox';
import { validatorOf } from '@roofshot/contracts/validate';
import { elasticsearchFault } from '@roofshot/telemetry/elasticsearch-url';
import { LOG_LEVELS, type LogThreshold } from '@roofshot/telemetry/log-level';
import { sentryDsnFault } from '@roofshot/telemetry/sentry-dsn';
import { statsdFault } from '@roofshot/telemetry/statsd-url';
import { meantBy } from './misspelt-keys.ts';
import { suggest } from './nearest.ts';
import { allowedBy, valueOfText } from './text-values.ts';

// Beside the schemas' other types, where configurations look for it.
export { Milliseconds } from './durations.ts';

/** A map of environment variables. An empty value counts as not set, as compose files and shells write it. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** Keys that all services share. */
export interface SharedConfig {
  /** Everything that the embedded ports keep, and each service's own folder. Absolute. */
  readonly dataDir: string;
  readonly sqlUrl: string;
  readonly eventsUrl: string;
  readonly commandsUrl: string;
  readonly onlineUrl: string;
  readonly objectsUrl: string;
  readonly statsdUrl: string | undefined;
  /** Where this process belongs, such as `production`: in every log line and Sentry issue. */
  readonly environment: string | undefined;
  readonly sentryDsn: string | undefined;
  /** Log lines go there too. */
  readonly elasticsearchUrl: string | undefined;
  readonly elasticsearchApiKey: string | undefined;
  readonly logLevel: LogThreshold;
  /** Log lines go there instead of to standard output. */
  readonly logFile: string | undefined;
  readonly host: string;
}

export interface ServiceEnvironment {
  /** 0: a free port. */
  readonly port: number;
  readonly config: unknown;
}

export interface Environment {
  readonly shared: SharedConfig;
  /** By the service's name. */
  readonly services: ReadonlyMap<string, ServiceEnvironment>;
}

/** What is wrong with one variable. */
export interface EnvFault {
  readonly key: string;
  /** As it was set, without passwords; of a key that is not known, nothing of it (`***`); undefined when it is missing. */
  readonly value: string | undefined;
  readonly allowed: string;
}

/** Stops the boot; tells all faults at once. */
export class InvalidEnvironment extends Error {
  override readonly name = 'InvalidEnvironment';
  readonly faults: readonly EnvFault[];

  constructor(faults: readonly EnvFault[]) {
    super(
      [
        `The environment has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}; nothing was started. Correct:`,
        ...faults.map(sentenceOf),
      ].join('\n  '),
    );
    this.faults = faults;
  }
}

function sentenceOf({ key, value, allowed }: EnvFault): string {
  return value === undefined ? `${key} is not set; it must be ${allowed}` : `${key}=${value} is not allowed; ${allowed}`;
}

/** The part of a service's definition that reads the environment. */
export interface ConfiguredService {
  readonly name: string;
  readonly port: number;
  readonly config: TObject;
}

/**
 * Reads the shared keys and each service's `<NAME>_…`. Throws `InvalidEnvironment` with every fault; a key that begins with a
 * service's name and is not known is a fault too, because it is most often a typing error.
 */
export function readEnvironment(services: readonly ConfiguredService[], variables: Variables = process.env): Environment {
  const faults: EnvFault[] = [];
  const shared = readShared(variables, faults);
  faults.push(...misspeltKeys(services, variables));
  const prefixes = services.map(({ name }) => prefixOf(name));
  const read = services.map(
    (service) => [service.name, readService(service, ownVariables(service.name, prefixes, variables), faults)] as const,
  );
  if (faults.length > 0) throw new InvalidEnvironment(faults);
  return { shared, services: new Map(read) };
}

/** Whether LOG_FILE is set: can be asked also where other variables are faulty. */
export function logsToFile(variables: Variables = process.env): boolean {
  return setText(variables, 'LOG_FILE') !== undefined;
}

/** Reads `<PREFIX>_…` by a schema whose properties are camelCase (`windowMinutes` is `<PREFIX>_WINDOW_MINUTES`). Throws `InvalidEnvironment`. */
export function readSection<S extends TObject>(prefix: string, schema: S, variables: Variables = process.env): Static<S> {
  const faults: EnvFault[] = [];
  const section = readKeys(prefix, schema, variables, faults);
  if (faults.length > 0) throw new InvalidEnvironment(faults);
  return section as Static<S>;
}

const url = (example: string, schemes: readonly string[]): TSchema =>
  Type.String({ pattern: `^(${schemes.join('|')}):.`, title: `it must be ${example}` });
const POSTGRES = ['postgres', 'postgresql', 'embedded'];
const POSTGRES_EXAMPLE = 'postgres://user:password@host:port/database or embedded:DIR';

const SHARED: Readonly<Record<string, TSchema>> = {
  DATA_DIR: Type.String(),
  SQL_URL: url(POSTGRES_EXAMPLE, POSTGRES),
  EVENTS_URL: url(`kafka://host:port, ${POSTGRES_EXAMPLE}`, [...POSTGRES, 'kafka']),
  COMMANDS_URL: url(`amqp://host:port, ${POSTGRES_EXAMPLE}`, [...POSTGRES, 'amqp', 'amqps']),
  ONLINE_URL: url(`redis://host:port, ${POSTGRES_EXAMPLE}`, [...POSTGRES, 'redis', 'rediss']),
  OBJECTS_URL: url('file:DIR or s3://bucket', ['file', 's3']),
  STATSD_URL: Type.String(), // looked at more closely below
  SENTRY_DSN: Type.String(), // and this
  ELASTICSEARCH_URL: Type.String(), // and this
  ELASTICSEARCH_API_KEY: Type.String(),
  ENVIRONMENT: Type.String({
    pattern: '^[a-z0-9][a-z0-9_]{0,63}$',
    title: 'it must be at most 64 small letters, digits and underscores, such as production or staging',
  }),
  LOG_LEVEL: Type.Union(LOG_LEVELS.map((level) => Type.Literal(level))),
  LOG_FILE: Type.String(),
  HOST: Type.String(),
};

/**
 * Of a whole machine's environment most is none of ours; but one letter off a shared key is a typing error, which nothing would read. What
 * such a key holds is not told: whether it is a secret only the right name would say.
 */
function misspeltKeys(services: readonly ConfiguredService[], variables: Variables): EnvFault[] {
  const isOwn = (key: string): boolean => key in SHARED || services.some(({ name }) => key.startsWith(prefixOf(name)));
  return Object.keys(variables).flatMap((key) => {
    const meant = isOwn(key) || setText(variables, key) === undefined ? [] : meantBy(key, Object.keys(SHARED));
    return meant.length === 0 ? [] : [{ key, value: HIDDEN, allowed: `nothing reads it. Did you mean ${meant.join(' or ')}?` }];
  });
}

function readShared(variables: Variables, faults: EnvFault[]): SharedConfig {
  const read = (key: string): string | undefined => {
    const text = key === 'LOG_LEVEL' ? setText(variables, key)?.toLowerCase() : setText(variables, key);
    const schema = SHARED[key];
    if (text !== undefined && schema !== undefined && !validatorOf(schema).check(text)) faults.push(faultOf(key, text, schema));
    return text;
  };
  const dataDir = resolve(read('DATA_DIR') ?? 'data');
  const sqlUrl = read('SQL_URL') ?? `embedded:${resolve(dataDir, 'postgres')}`;
  return {
    dataDir,
    sqlUrl,
    eventsUrl: read('EVENTS_URL') ?? sqlUrl,
    commandsUrl: read('COMMANDS_URL') ?? sqlUrl,
    onlineUrl: read('ONLINE_URL') ?? sqlUrl,
    objectsUrl: read('OBJECTS_URL') ?? `file:${resolve(dataDir, 'objects')}`,
    statsdUrl: readAddress('STATSD_URL', read('STATSD_URL'), statsdFault, faults),
    environment: read('ENVIRONMENT'),
    sentryDsn: readAddress('SENTRY_DSN', read('SENTRY_DSN'), sentryDsnFault, faults),
    elasticsearchUrl: readAddress('ELASTICSEARCH_URL', read('ELASTICSEARCH_URL'), elasticsearchFault, faults),
    elasticsearchApiKey: read('ELASTICSEARCH_API_KEY'),
    logLevel: (read('LOG_LEVEL') ?? 'info') as LogThreshold,
    logFile: read('LOG_FILE'),
    host: read('HOST') ?? '127.0.0.1',
  };
}

/** An address to which nothing could be sent is told with all other faults, not by the first packet. */
function readAddress(
  key: string,
  text: string | undefined,
  faultIn: (text: string) => string | undefined,
  faults: EnvFault[],
): string | undefined {
  const allowed = text === undefined ? undefined : faultIn(text);
  if (text !== undefined && allowed !== undefined) faults.push({ key, value: withoutSecrets(key, text), allowed });
  return text;
}

function readService({ name, port, config }: ConfiguredService, variables: Variables, faults: EnvFault[]): ServiceEnvironment {
  const withPort = Type.Object({ port: Type.Integer({ minimum: 0, maximum: 65_535, default: port }), ...config.properties });
  const read = readKeys(name, withPort, variables, faults) as { port: number };
  return { port: read.port, config: read };
}

function readKeys(name: string, schema: TObject, variables: Variables, faults: EnvFault[]): Record<string, unknown> {
  const prefix = prefixOf(name);
  const keys = new Map(
    Object.entries(schema.properties).map(([property, of]) => [prefix + upperSnake(property), { property, schema: of }]),
  );
  refuseUnknownKeys(prefix, [...keys.keys()], variables, faults);
  const values: Record<string, unknown> = {};
  for (const [key, { property, schema: of }] of keys) {
    const value = readKey(key, { schema: of, isRequired: schema.required?.includes(property) ?? false }, variables, faults);
    if (value !== undefined) values[property] = value;
  }
  return values;
}

interface KeySchema {
  readonly schema: TSchema;
  readonly isRequired: boolean;
}

function readKey(key: string, { schema, isRequired }: KeySchema, variables: Variables, faults: EnvFault[]): unknown {
  const text = setText(variables, key);
  if (text === undefined) {
    const fallback = (schema as { default?: unknown }).default;
    if (fallback === undefined && isRequired) faults.push({ key, value: undefined, allowed: allowedBy(schema) });
    return fallback;
  }
  const value = valueOfText(schema, text);
  if (!validatorOf(schema).check(value)) faults.push(faultOf(key, text, schema));
  return value;
}

function refuseUnknownKeys(prefix: string, known: readonly string[], variables: Variables, faults: EnvFault[]): void {
  const unknown = Object.keys(variables).filter((key) => key.startsWith(prefix) && !known.includes(key));
  for (const key of unknown) faults.push({ key, value: HIDDEN, allowed: `there is no such key. ${suggest(key, known)}` });
}

function faultOf(key: string, text: string, schema: TSchema): EnvFault {
  const { title } = schema as { title?: string };
  return { key, value: withoutSecrets(key, text), allowed: title ?? `it must be ${allowedBy(schema)}` };
}

function setText(variables: Variables, key: string): string | undefined {
  const text = variables[key]?.trim();
  return text === '' ? undefined : text;
}

/**
 * Without what only looks like a service's key: those of a service whose name goes on longer, and the links that Kubernetes and
 * Docker set for a service of the same name (`FEATURES_SERVICE_HOST`, `FEATURES_PORT=tcp://…`).
 */
function ownVariables(name: string, prefixes: readonly string[], variables: Variables): Variables {
  const prefix = prefixOf(name);
  const longer = prefixes.filter((other) => other !== prefix && other.startsWith(prefix));
  const isOwn = ([key, value]: [string, string | undefined]): boolean => {
    const rest = key.slice(prefix.length);
    return (
      !LINK_KEY.test(rest) && !(rest === 'PORT' && /^(tcp|udp):\/\//.test(value ?? '')) && !longer.some((other) => key.startsWith(other))
    );
  };
  return Object.fromEntries(Object.entries(variables).filter((entry) => entry[0].startsWith(prefix) && isOwn(entry)));
}

const LINK_KEY = /^(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT_\d+_(TCP|UDP)(_(PROTO|PORT|ADDR))?)$/;

const prefixOf = (name: string): string => `${upperSnake(name)}_`;

/** `windowMinutes` and `window-minutes` are both `WINDOW_MINUTES`. */
function upperSnake(name: string): string {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toUpperCase();
}

const HIDDEN = '***';
const SECRET = /SECRET|PASSWORD|TOKEN|CREDENTIAL|(^|_)KEYS?$/;
/** All up to the last @, also where a slash or an @ in a password is not encoded, or the scheme is missing. The user may be told. */
const BEFORE_HOST = /^([a-z][a-z0-9+.-]*:\/\/)?([^:@/]*:)?.*@/is;
const SECRET_PARAMETER = /([?&][^=&]*(?:pass|secret|token|key)[^=&]*=)[^&]*/gi;

function withoutSecrets(key: string, text: string): string {
  if (SECRET.test(key)) return HIDDEN;
  return text.replace(BEFORE_HOST, `$1$2${HIDDEN}@`).replaceAll(SECRET_PARAMETER, `$1${HIDDEN}`);
}
