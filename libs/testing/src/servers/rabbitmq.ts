import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { libraryPath, unpackPackages } from './debian.ts';
import { proveRabbitMq } from './prove-rabbitmq.ts';
import { cached, exists } from './server-cache.ts';
import { lines } from './lines.ts';
import type { Command, Launch, Place, ServerKind } from './server-kind.ts';

const USER = 'roofshot';
/** With the whole of its Erlang, for the machine may have another part of it installed. */
const PACKAGES = [
  'rabbitmq-server',
  ...'asn1 base crypto eldap ftp inets mnesia os-mon parsetools public-key runtime-tools snmp ssl syntax-tools tftp tools xmerl'
    .split(' ')
    .map((part) => `erlang-${part}`),
];
const ERLANG = 'usr/lib/erlang';
const RABBIT = 'usr/lib/rabbitmq/lib';
/** Two cores that others use too: one scheduler each, which do not spin while they wait. */
const MACHINE = '+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none +P 131072 +t 1000000 +W w'.split(' ');
const BOOT = '-noinput -s rabbit boot -boot start_sasl -syslog logger [] -syslog syslog_error_logger false'.split(' ');
const ALONE = ['-kernel', 'prevent_overlapping_partitions', 'false', '-kernel', 'inet_dist_use_interface', '{127,0,0,1}'];

/** Its working folder, under a name without spaces: it asks `df` for the room on its disk and does not quote. */
const HERE = '/proc/self/cwd';

/** RabbitMQ without its scripts, which want an account and paths of their own: the Erlang machine is started directly. */
export const rabbitmq: ServerKind = {
  name: 'rabbitmq',
  title: 'RabbitMQ',
  variable: 'TEST_RABBITMQ_URL',
  ports: 3,
  refusesRoot: false,
  patienceMs: 120_000,
  container: {
    image: 'rabbitmq:3.13',
    port: 5672,
    env: ({ secret }) => ({ RABBITMQ_DEFAULT_USER: USER, RABBITMQ_DEFAULT_PASS: secret }),
  },
  obtain: async () => {
    const installed = (await exists(join('/', ERLANG, 'bin', 'epmd'))) && (await exists(join('/', RABBIT)));
    const root = installed ? '/' : await cached('rabbitmq', (folder) => unpackPackages(PACKAGES, folder));
    const programs = await findPrograms(root);
    return (place) => launch(place, programs);
  },
  url: ({ ports, secret }) => `amqp://${USER}:${secret}@127.0.0.1:${ports[0]}`,
  prove: proveRabbitMq,
};

interface Programs {
  erlang: string;
  /** The folder with erlexec, which becomes the Erlang machine itself. */
  bin: string;
  rabbit: string;
  libraries: string;
}

async function findPrograms(root: string): Promise<Programs> {
  const [erlang, rabbits] = [join(root, ERLANG), join(root, RABBIT)];
  const rabbit = await only(rabbits, /^rabbitmq_server-/);
  const machine = await only(erlang, /^erts-/);
  return { erlang, bin: join(machine, 'bin'), rabbit, libraries: await libraryPath(root) };
}

async function only(folder: string, pattern: RegExp): Promise<string> {
  const name = (await readdir(folder)).find((entry) => pattern.test(entry));
  if (name === undefined) throw new Error(`${folder} has no ${pattern.source}: remove it, and it is fetched again.`);
  return join(folder, name);
}

async function launch({ folder, ports, secret, settings }: Place, programs: Programs): Promise<Launch> {
  const [port, names = 0, distribution = 0] = ports;
  await writeFile(join(folder, 'rabbitmq.conf'), configuration(port, secret) + lines(settings, ' = '));
  await writeFile(join(folder, 'plugins'), '[].\n');
  const env = { ...environment(folder, programs), ERL_EPMD_PORT: String(names), RABBITMQ_DIST_PORT: String(distribution) };
  const server = {
    program: join(programs.bin, 'erlexec'),
    args: [...BOOT, ...MACHINE, ...ALONE],
    env: { ...env, RABBITMQ_NODENAME: `test${port}@localhost` },
  };
  return { server, companion: nameServer(programs, names) };
}

/** RabbitMQ would start it as a daemon that nobody ends; in the foreground it has a number to be ended by. */
function nameServer({ bin, libraries }: Programs, port: number): Command {
  return { program: join(bin, 'epmd'), args: ['-port', String(port), '-address', '127.0.0.1'], env: { LD_LIBRARY_PATH: libraries } };
}

function environment(folder: string, { erlang, bin, rabbit, libraries }: Programs): Record<string, string> {
  return {
    LD_LIBRARY_PATH: libraries,
    PATH: `${bin}:/usr/local/bin:/usr/bin:/bin`,
    HOME: folder, // for the node's cookie
    ROOTDIR: erlang,
    BINDIR: bin,
    EMU: 'beam',
    PROGNAME: 'erl',
    ERL_LIBS: join(rabbit, 'plugins'),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ERL_CRASH_DUMP_SECONDS: '0',
    RABBITMQ_HOME: rabbit,
    RABBITMQ_MNESIA_BASE: join(process.platform === 'linux' ? HERE : folder, 'mnesia'),
    RABBITMQ_LOG_BASE: folder,
    RABBITMQ_LOGS: '-',
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq'),
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
  };
}

/** The write-ahead log of quorum queues grows to 512 MB before it is cut, unless told otherwise. */
function configuration(port: number, secret: string): string {
  return `listeners.tcp.1 = 127.0.0.1:${port}
default_user = ${USER}
default_pass = ${secret}
loopback_users = none
log.console.level = warning
raft.wal_max_size_bytes = 32000000
`;
}
