/** A process whose servers are away, or do not take what it is told to come with: every one of them is told at once, with its remedy. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { openSql } from '@roofshot/storage/open-sql';
import { askRedis } from '@roofshot/testing/ask-redis';
import { eventually } from '@roofshot/testing/eventually';
import { freePorts } from '@roofshot/testing/free-ports';
import { GUARDED_PASSWORD, GUARDED_USER, startGuardedKafka, type GuardedKafka } from '@roofshot/testing/guarded-kafka';
import { startGuardedRabbitMq, type GuardedRabbitMq } from '@roofshot/testing/guarded-rabbitmq';
import { startServer } from '@roofshot/testing/start-server';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import { startChild, type Child } from './child.ts';

type Running = Awaited<ReturnType<typeof startServer>>;
type Urls = Readonly<Record<'SQL_URL' | 'EVENTS_URL' | 'COMMANDS_URL' | 'ONLINE_URL' | 'OBJECTS_URL', string>>;
type Settings = Partial<Urls & { readonly ELASTICSEARCH_URL: string }>;

const START_MS = 240_000;
const KEYS = ['SQL_URL', 'EVENTS_URL', 'COMMANDS_URL', 'ONLINE_URL', 'OBJECTS_URL'] as const;
const LIMITED = 'limited';
const SECRET = 'password-of-a-test';

let folder: TempDir;
let postgres: Running;
let kafka: GuardedKafka;
let rabbit: GuardedRabbitMq;
let redis: Running;
let s3: Running;
let port: number;
/** Of a user who may do everything. */
let urls: Urls;
let runs = 0;
const children: Child[] = [];
const doubles: Server[] = [];

beforeAll(async () => {
  folder = await tempDir('boot faults');
  [postgres, kafka, rabbit, redis, s3] = await Promise.all([
    startServer('postgres', { folder: join(folder.path, 'postgres') }),
    startGuardedKafka(join(folder.path, 'kafka')),
    startGuardedRabbitMq(join(folder.path, 'rabbitmq'), { [LIMITED]: { configure: '^$', write: '^$', read: '^$' } }),
    startServer('redis', { folder: join(folder.path, 'redis') }),
    startServer('s3', { folder: join(folder.path, 's3') }),
  ]);
  urls = {
    SQL_URL: postgres.url,
    EVENTS_URL: `${kafka.server.url}?partitions=1`,
    COMMANDS_URL: rabbit.server.url,
    ONLINE_URL: redis.url,
    OBJECTS_URL: `${s3.url}&cache=${encodeURIComponent(join(folder.path, 'cache'))}`,
  };
}, START_MS);
beforeEach(async () => {
  [port = 0] = await freePorts(1);
});
afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => child.end('SIGKILL')));
  for (const double of doubles.splice(0)) double.close();
});
afterAll(async () => {
  await Promise.all([postgres.remove(), kafka.remove(), rabbit.server.remove(), redis.remove(), s3.remove()]);
  await folder.remove();
}, 60_000);

/** The same URL with another part. */
function changed(url: string, change: (url: URL) => void): string {
  const address = new URL(url);
  change(address);
  return address.href;
}

function start(env: Settings): { readonly child: Child; readonly log: string } {
  runs += 1;
  const log = join(folder.path, `log-${runs}`);
  const settings = { DATA_DIR: join(folder.path, `data-${runs}`), PORTER_PORT: String(port), LOG_FILE: log };
  const child = startChild('./porter-main.ts', { ...urls, ...env, ...settings });
  children.push(child);
  return { child, log };
}

/** What a process that cannot start says, line by line. */
async function refusalOf(env: Settings): Promise<string[]> {
  const { child } = start(env);
  expect(await child.ended).toBe(1);
  const { err } = child.said();
  const secrets = [SECRET, 'wrong-one', ...KEYS.map((key) => new URL(urls[key].replace('kafka:', 'http:')).password)];
  expect(secrets.filter((secret) => secret !== '' && err.includes(secret))).toEqual([]);
  return err.trimEnd().split('\n');
}

async function readyz(): Promise<{ status: number; ready?: boolean; waitsFor?: string[]; troubles?: string[] }> {
  const answer = await fetch(`http://127.0.0.1:${port}/readyz`);
  return { status: answer.status, ...((await answer.json()) as object) };
}

const HEADING = 'These servers cannot be used as they are set up; nothing was started. Correct:';
const AWAY_HEADING = 'These do not answer either, and would have been waited for:';

describe('a start with servers that do not take what they are told', () => {
  test('lists every one of them, in the order of the keys, each with its remedy', async () => {
    const host = (url: string): string => new URL(url).host;
    expect(
      await refusalOf({
        SQL_URL: changed(urls.SQL_URL, (url) => (url.password = 'wrong-one')),
        EVENTS_URL: `kafka://${GUARDED_USER}:wrong-one@${kafka.guarded}`,
        COMMANDS_URL: `${urls.COMMANDS_URL}/nowhere`,
        ONLINE_URL: changed(urls.ONLINE_URL, (url) => (url.password = 'wrong-one')),
        OBJECTS_URL: changed(urls.OBJECTS_URL, (url) => (url.host = 'no-such-bucket')),
        ELASTICSEARCH_URL: changed(await guardedLogServer(), (url) => ([url.username, url.password] = ['elastic', 'wrong-one'])),
      }),
    ).toEqual([
      HEADING,
      expect.stringMatching(
        /^ {2}SQL_URL: PostgreSQL at .* password authentication failed .*Correct the user "roofshot" or its password in the URL/,
      ),
      expect.stringMatching(
        /^ {2}EVENTS_URL: No Kafka can be used at .* Invalid username or password\. Correct user and password, percent-encoded/,
      ),
      expect.stringMatching(
        new RegExp(
          `^  COMMANDS_URL: RabbitMQ at ${host(urls.COMMANDS_URL)} does not let the user "roofshot" into the virtual host "nowhere".* Create it`,
        ),
      ),
      expect.stringMatching(/^ {2}ONLINE_URL: Redis at .* lets nobody in .*WRONGPASS.* Correct user and password, percent-encoded\.$/),
      expect.stringMatching(/^ {2}OBJECTS_URL: s3:\/\/no-such-bucket\/ .* there is no such bucket\. Make it, or correct its name\.$/),
      expect.stringMatching(/^ {2}ELASTICSEARCH_URL: Elasticsearch at .* does not know this user\. Correct user and password/),
    ]);
  }, 60_000);

  test('lists the rights that are missing on each of them, and how to give them', async () => {
    const sql = await openSql(urls.SQL_URL, { poolSize: 1 });
    await sql.query(`CREATE ROLE ${LIMITED} LOGIN PASSWORD '${SECRET}'`);
    await sql.close();
    const readOnly = await readOnlyStore();
    await askRedis(urls.ONLINE_URL, 'ACL', 'SETUSER', LIMITED, 'on', `>${SECRET}`, '~*', '+@all', '-set');
    const asLimited = (url: string): string =>
      changed(url, (address) => {
        address.username = LIMITED;
        address.password = SECRET;
      });
    expect(
      await refusalOf({
        SQL_URL: asLimited(urls.SQL_URL),
        EVENTS_URL: `kafka://${GUARDED_USER}:${GUARDED_PASSWORD}@${kafka.guarded}`,
        COMMANDS_URL: rabbit.urlOf(LIMITED),
        ONLINE_URL: asLimited(urls.ONLINE_URL),
        OBJECTS_URL: changed(urls.OBJECTS_URL, (url) => url.searchParams.set('endpoint', readOnly)),
      }),
    ).toEqual([
      HEADING,
      expect.stringMatching(
        /^ {2}SQL_URL: The service porter could not start: PostgreSQL at .* GRANT CREATE ON DATABASE "postgres" TO "limited"/,
      ),
      expect.stringMatching(
        /^ {2}EVENTS_URL: Kafka at .* the user "limited" the rights that are needed: Create \(parcels\.v1\)\. Grant them: kafka-acls /,
      ),
      expect.stringMatching(/^ {2}COMMANDS_URL: RabbitMQ refuses the queue "parcel\.carry\.v1.*rabbitmqctl set_permissions\)\.$/),
      expect.stringMatching(/^ {2}ONLINE_URL: Redis at .* refuses the user .* ACL SETUSER <user> ~<prefix>\* .*\+set\.$/),
      expect.stringMatching(/^ {2}OBJECTS_URL: s3:.* the key may not use it.* s3:PutObject on the objects in it\.$/),
    ]);
  }, 60_000);

  test('fails at once also when others are away, and says which it would have waited for', async () => {
    const [nobody = 0] = await freePorts(1);
    const lines = await refusalOf({
      SQL_URL: changed(urls.SQL_URL, (url) => (url.port = String(nobody))),
      COMMANDS_URL: changed(urls.COMMANDS_URL, (url) => (url.password = 'wrong-one')),
      ONLINE_URL: `redis://127.0.0.1:${nobody}/first`,
      OBJECTS_URL: changed(urls.OBJECTS_URL, (url) => url.searchParams.set('endpoint', `http://127.0.0.1:${nobody}`)),
    });
    expect(lines).toEqual([
      HEADING,
      expect.stringMatching(/^ {2}COMMANDS_URL: RabbitMQ at .* refuses the user "roofshot" or its password\./),
      expect.stringMatching(/^ {2}ONLINE_URL cannot be read: the database "first" is no number/),
      AWAY_HEADING,
      expect.stringMatching(new RegExp(`^  SQL_URL: .*127\\.0\\.0\\.1:${nobody}.*ECONNREFUSED`)),
      expect.stringMatching(
        new RegExp(`^  OBJECTS_URL: .*127\\.0\\.0\\.1:${nobody}.*ECONNREFUSED.* Start it, or correct the endpoint\\.$`),
      ),
    ]);
  }, 60_000);
});

describe('a start with servers that are away', () => {
  test(
    'waits for all, lists them as they come, and begins when the last has come',
    async () => {
      const servers = [postgres, kafka.server, rabbit.server, redis, s3];
      await Promise.all(servers.map((server) => server.stop()));
      const { child, log } = start({});
      const absent = KEYS.map((key) => expect.stringMatching(new RegExp(`^${key}: .*ECONNREFUSED`)) as string);
      await eventually(async () => expect(await readyz()).toMatchObject({ status: 503, ready: false, waitsFor: absent }), {
        deadlineMs: 60_000,
      });
      expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);

      // The database comes last: nothing can be opened before, and all others are tried all the same.
      const order = [4, 2, 3, 1, 0];
      const left = [...absent];
      for (const index of order.slice(0, -1)) {
        await servers[index]?.restart();
        left.splice(left.indexOf(absent[index] ?? ''), 1);
        await eventually(async () => expect((await readyz()).waitsFor).toEqual(left), { deadlineMs: 60_000 });
      }
      await postgres.restart();
      await eventually(async () => expect(await readyz()).toMatchObject({ status: 200, ready: true, waitsFor: [], troubles: [] }), {
        deadlineMs: 60_000,
      });
      const told = child.said().err.trimEnd().split('\n');
      for (const key of KEYS) expect(told.filter((line) => line.startsWith(`The start waits. ${key}: `)).length).toBeGreaterThan(0);
      const lines = (await readFile(log, 'utf8')).trimEnd().split('\n');
      const answered = lines.filter((line) => line.includes('A server that the start waited for answers.'));
      expect(answered.map((line) => (JSON.parse(line) as Record<string, string>)['labels.key'])).toEqual(order.map((index) => KEYS[index]));
      expect(await child.end('SIGTERM')).toBe(0);
    },
    START_MS,
  );

  test('is alive and says so where one takes the connection and then says nothing, and ends when it is told to', async () => {
    const silent = createServer(() => undefined);
    doubles.push(silent);
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port: taken } = silent.address() as AddressInfo;
    const { child } = start({ SQL_URL: changed(urls.SQL_URL, (url) => (url.port = String(taken))) });
    const waitsFor = ['SQL_URL: it was asked and has not answered yet.'];
    await eventually(async () => expect(await readyz()).toMatchObject({ status: 503, waitsFor }), { deadlineMs: 20_000 });
    expect(await child.end('SIGTERM')).toBe(0);
  }, 60_000);
});

test(
  'brokers and stores that go away later are named as troubles of a service that is ready and alive, until they are back',
  async () => {
    const { child, log } = start({});
    await eventually(async () => expect(await readyz()).toMatchObject({ status: 200, troubles: [] }), { deadlineMs: 60_000 });
    const servers = [kafka.server, rabbit.server, redis, s3];
    await Promise.all(servers.map((server) => server.stop()));
    const troubles = [
      expect.stringMatching(/^Kafka at .* does not answer: /),
      expect.stringMatching(/RabbitMQ/),
      expect.stringMatching(/^Redis at .* does not answer: /),
      expect.stringMatching(/^The object store s3:.* does not answer: /),
    ] as string[];
    await eventually(async () => expect(await readyz()).toMatchObject({ status: 200, ready: true, waitsFor: [], troubles }), {
      deadlineMs: 60_000,
    });
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
    await Promise.all(servers.map((server) => server.restart()));
    await eventually(async () => expect(await readyz()).toMatchObject({ status: 200, troubles: [] }), { deadlineMs: 60_000 });
    const lines = await readFile(log, 'utf8');
    for (const sentence of ['A store cannot be used; it is tried again until it can.', 'A store can be used again.'])
      expect(lines).toContain(sentence);
    expect(await child.end('SIGTERM')).toBe(0);
  },
  START_MS,
);

test(
  'a process whose EVENTS_URL and COMMANDS_URL were forgotten is refused beside others that have theirs',
  async () => {
    const { child } = start({});
    await eventually(async () => expect((await readyz()).status).toBe(200), { deadlineMs: 60_000 });
    expect(await refusalOf({ EVENTS_URL: urls.SQL_URL, COMMANDS_URL: urls.SQL_URL })).toEqual([
      HEADING,
      expect.stringMatching(
        /^ {2}EVENTS_URL leads to the log in the services' own database, but .* use Kafka at .* \(porter said so first/,
      ),
      expect.stringMatching(
        /^ {2}COMMANDS_URL leads to the queue in the services' own database, but .* use RabbitMQ at .*, virtual host "/,
      ),
    ]);
    expect(await child.end('SIGTERM')).toBe(0);
  },
  START_MS,
);

/** A store whose key may look and not store: its address. */
function readOnlyStore(): Promise<string> {
  return answering(createHttpServer(({ method }, response) => void response.writeHead(method === 'PUT' ? 403 : 200).end()));
}

/** An Elasticsearch that knows nobody: the one of the tests has no users. */
function guardedLogServer(): Promise<string> {
  const headers = { 'content-type': 'application/vnd.elasticsearch+json;compatible-with=8', 'x-elastic-product': 'Elasticsearch' };
  return answering(createHttpServer((_, response) => void response.writeHead(401, headers).end('{"status":401}')));
}

async function answering(double: Server): Promise<string> {
  doubles.push(double);
  double.listen(0, '127.0.0.1');
  await once(double, 'listening');
  return `http://127.0.0.1:${(double.address() as AddressInfo).port}`;
}
