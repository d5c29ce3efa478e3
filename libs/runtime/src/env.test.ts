import { Type } from 'typebox';
import { Milliseconds } from './durations.ts';
import { InvalidEnvironment, readEnvironment, readSection, type Variables } from './env.ts';

const features = {
  name: 'features',
  port: 4102,
  config: Type.Object({
    windowMinutes: Type.Integer({ minimum: 1, maximum: 60, default: 5 }),
    lease: Milliseconds({ default: 30_000 }),
    isStrict: Type.Boolean({ default: false }),
    mode: Type.Union([Type.Literal('fast'), Type.Literal('exact')], { default: 'exact' }),
    columns: Type.Array(Type.String(), { default: [] }),
    apiKey: Type.Optional(Type.String({ minLength: 8 })),
  }),
};

function faultsOf(variables: Variables, services = [features]): InvalidEnvironment['faults'] {
  try {
    readEnvironment(services, variables);
  } catch (error) {
    if (error instanceof InvalidEnvironment) return error.faults;
    throw error;
  }
  return [];
}

describe('the environment', () => {
  test('with nothing set, everything lies in one folder and in one database', () => {
    const { shared, services } = readEnvironment([features], {});
    expect(shared.sqlUrl).toBe(`embedded:${process.cwd()}/data/postgres`);
    expect([shared.eventsUrl, shared.commandsUrl, shared.onlineUrl]).toEqual([shared.sqlUrl, shared.sqlUrl, shared.sqlUrl]);
    expect(shared.objectsUrl).toBe(`file:${process.cwd()}/data/objects`);
    expect(shared.host).toBe('127.0.0.1');
    expect(services.get('features')).toEqual({
      port: 4102,
      config: { port: 4102, windowMinutes: 5, lease: 30_000, isStrict: false, mode: 'exact', columns: [] },
    });
  });

  test('events, commands and online values follow SQL_URL unless they are set', () => {
    const { shared } = readEnvironment([], { SQL_URL: 'postgres://u:p@db/x', EVENTS_URL: 'kafka://broker:9092' });
    expect(shared.eventsUrl).toBe('kafka://broker:9092');
    expect(shared.commandsUrl).toBe('postgres://u:p@db/x');
  });

  test('an address to which no metrics can be sent is a fault among the others', () => {
    const set = { LOG_LEVEL: 'loud', FEATURES_PORT: 'x' };
    for (const url of ['statsd:8125', 'uds:', 'udp://host?tags=influx', 'uds:/run/statsd.sock?tags=none,name']) {
      const faults = faultsOf({ ...set, STATSD_URL: url });
      expect(faults.map(({ key }) => key).sort()).toEqual(['FEATURES_PORT', 'LOG_LEVEL', 'STATSD_URL']);
      expect(faults.find(({ key }) => key === 'STATSD_URL')?.value).toBe(url);
    }
    expect(faultsOf({ ...set, STATSD_URL: 'udp://statsd?tags=none' }).map(({ key }) => key)).not.toContain('STATSD_URL');
  });

  test('an address to which no Sentry issue can be sent, and an environment without a plain name, are faults among the others', () => {
    const faults = faultsOf({ SENTRY_DSN: 'https://key:secret@sentry.example.org', ENVIRONMENT: 'Prod-EU', LOG_LEVEL: 'loud' });
    expect(faults.map(({ key, value }) => [key, value]).sort()).toEqual([
      ['ENVIRONMENT', 'Prod-EU'],
      ['LOG_LEVEL', 'loud'],
      ['SENTRY_DSN', 'https://key:***@sentry.example.org'],
    ]);
    const { shared } = readEnvironment([], { SENTRY_DSN: 'https://key@sentry.example.org/7', ENVIRONMENT: 'prod_eu' });
    expect(shared).toMatchObject({ sentryDsn: 'https://key@sentry.example.org/7', environment: 'prod_eu' });
    expect(readEnvironment([], {}).shared).toMatchObject({ sentryDsn: undefined, environment: undefined });
  });

  test('what is no address of Elasticsearch is a fault among the others', () => {
    for (const url of ['elastic:9200', 'ftp://elastic:9200', 'http://', 'https://elastic:9200/?pretty'])
      expect(
        faultsOf({ ELASTICSEARCH_URL: url, LOG_LEVEL: 'loud' })
          .map(({ key }) => key)
          .sort(),
      ).toEqual(['ELASTICSEARCH_URL', 'LOG_LEVEL']);
    const { shared } = readEnvironment([], { ELASTICSEARCH_URL: 'https://me:secret@elastic:9200', ELASTICSEARCH_API_KEY: 'abc==' });
    expect(shared).toMatchObject({ elasticsearchUrl: 'https://me:secret@elastic:9200', elasticsearchApiKey: 'abc==' });
  });

  test('a shared key that is misspelt is a fault with the right one, and what only looks a little like one is left alone', () => {
    const faults = faultsOf({
      ELASTICSEACH_URL: 'https://me:secret@host:9200',
      EVENT_URL: 'kafka://b:9092',
      ENVIROMENT: 'prod',
      SENTRY_DNS: 'x',
    });
    expect(faults.map(({ key, value, allowed }) => [key, value, allowed])).toEqual([
      ['ELASTICSEACH_URL', '***', 'nothing reads it. Did you mean ELASTICSEARCH_URL?'],
      ['EVENT_URL', '***', 'nothing reads it. Did you mean EVENTS_URL?'],
      ['ENVIROMENT', '***', 'nothing reads it. Did you mean ENVIRONMENT?'],
      ['SENTRY_DNS', '***', 'nothing reads it. Did you mean SENTRY_DSN?'],
    ]);
    const others = {
      HOSTNAME: 'h',
      MYSQL_URL: 'x',
      DATABASE_URL: 'x',
      LOGNAME: 'me',
      TEST_ELASTICSEARCH_URL: 'x',
      DATA_DIRS: 'x',
      EVENTS_URLS: '',
    };
    expect(faultsOf({ ...others, PATH: '/bin' }).map(({ key }) => key)).toEqual(['DATA_DIRS']);
  });

  test.each(['SQL_ULR', 'SQLURL', 'SQL_UR', 'SQL_URI', 'SQL_URLS', 'SQ_URL'])('%s is SQL_URL misspelt', (key) => {
    expect(faultsOf({ [key]: 'postgres://u:p@h/x' })).toEqual([{ key, value: '***', allowed: 'nothing reads it. Did you mean SQL_URL?' }]);
  });

  test.each(['MYSQL_URL', 'MSSQL_URL', 'PSQL_URL', 'PSQL_URLS', 'PGSQL_URL', 'POSTGRESQL_URL', 'SQL_HOST', 'SQLITE_URL', 'SSH_URL', 'URL'])(
    '%s is a key of something else',
    (key) => {
      expect(faultsOf({ [key]: 'x' })).toEqual([]);
    },
  );

  test("a service's keys are converted to numbers, booleans, durations and lists", () => {
    const { services } = readEnvironment([features], {
      FEATURES_PORT: '5000',
      FEATURES_WINDOW_MINUTES: '15',
      FEATURES_LEASE: '2m',
      FEATURES_IS_STRICT: 'true',
      FEATURES_MODE: 'fast',
      FEATURES_COLUMNS: 'a, b',
    });
    expect(services.get('features')?.config).toMatchObject({
      windowMinutes: 15,
      lease: 120_000,
      isStrict: true,
      mode: 'fast',
      columns: ['a', 'b'],
    });
    expect(services.get('features')?.port).toBe(5000);
  });

  test('an empty value counts as not set', () => {
    const { shared, services } = readEnvironment([features], { LOG_FILE: '', FEATURES_WINDOW_MINUTES: ' ' });
    expect(shared.logFile).toBeUndefined();
    expect(services.get('features')?.config).toMatchObject({ windowMinutes: 5 });
  });

  test('all faults are told at once, each with its key, value and what is allowed', () => {
    const faults = faultsOf({
      SQL_URL: 'mysql://db',
      LOG_LEVEL: 'loud',
      FEATURES_WINDOW_MINUTES: '90',
      FEATURES_LEASE: 'soon',
      FEATURES_MODE: 'slow',
    });
    expect(faults).toEqual([
      { key: 'SQL_URL', value: 'mysql://db', allowed: 'it must be postgres://user:password@host:port/database or embedded:DIR' },
      { key: 'LOG_LEVEL', value: 'loud', allowed: 'it must be trace or debug or info or warn or error or fatal or silent' },
      { key: 'FEATURES_WINDOW_MINUTES', value: '90', allowed: 'it must be a whole number from 1 to 60' },
      { key: 'FEATURES_LEASE', value: 'soon', allowed: 'it must be a duration such as 500ms, 30s, 5m, 24h or 7d' },
      { key: 'FEATURES_MODE', value: 'slow', allowed: 'it must be fast or exact' },
    ]);
    expect(new InvalidEnvironment(faults).message).toContain('5 faults');
  });

  test('a key of the service that nobody knows is a fault that offers the nearest known name', () => {
    expect(faultsOf({ FEATURES_WINDOW_MINUTE: '5' })).toEqual([
      { key: 'FEATURES_WINDOW_MINUTE', value: '***', allowed: 'there is no such key. Did you mean FEATURES_WINDOW_MINUTES?' },
    ]);
  });

  test('keys of services that do not run here, and links that Kubernetes sets, are left alone', () => {
    const links = { FEATURES_SERVICE_HOST: '10.0.0.1', FEATURES_PORT: 'tcp://10.0.0.1:80', FEATURES_PORT_80_TCP_ADDR: '10.0.0.1' };
    const { services } = readEnvironment([features], { ...links, SERVING_WHATEVER: '1' });
    expect(services.get('features')?.port).toBe(4102);
  });

  test('a service whose name goes on longer keeps its own keys', () => {
    const audit = { name: 'features-audit', port: 4109, config: Type.Object({ every: Milliseconds() }) };
    const { services } = readEnvironment([features, audit], { FEATURES_AUDIT_EVERY: '1h' });
    expect(services.get('features-audit')?.config).toMatchObject({ every: 3_600_000 });
  });

  test('a required key that is missing is a fault', () => {
    expect(() => readSection('GATEWAY', Type.Object({ consoleDir: Type.String() }), {})).toThrow(
      'GATEWAY_CONSOLE_DIR is not set; it must be a text',
    );
  });

  test('passwords and keys are not repeated in faults', () => {
    const valueOf = (variables: Variables): string | undefined => faultsOf(variables)[0]?.value;
    expect(valueOf({ EVENTS_URL: 'nats://me:secret@host' })).toBe('nats://me:***@host');
    expect(valueOf({ FEATURES_API_KEY: 'short' })).toBe('***');
    expect(valueOf({ SENTRY_DSN: 'https://secret@host' })).toBe('https://***@host');
    expect(valueOf({ SQL_URL: 'me:secret@host/db' })).toBe('me:***@host/db');
    expect(valueOf({ SQL_URL: 'pg://me:sec/r@et@host/db?sslmode=disable&password=secret' })).toBe(
      'pg://me:***@host/db?sslmode=disable&password=***',
    );
    expect(valueOf({ ONLINE_URL: 'cache://:secret@host' })).toBe('cache://:***@host');
    for (const key of ['ELASTICSEARCH_API_KY', 'SENTRY_DNS', 'FEATURES_API_KE'])
      expect(valueOf({ [key]: 'https://s3cret@h/1' })).toBe('***');
  });
});
