import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePorts } from '../free-ports.ts';
import { copyJars, findJava, fingerprint } from './maven.ts';
import { runCommand } from './run-command.ts';
import { cached, exists } from './server-cache.ts';
import { proveKafka } from './prove-kafka.ts';
import { ServerProcess, tailOf } from './server-process.ts';
import type { Launch, Place, ServerKind } from './server-kind.ts';
import { untilReady } from './until-ready.ts';

const VERSION = '4.1.1';
/** The broker itself, and a log that writes to standard error: without one it has been seen to end without a word. */
const ARTIFACTS = [`org.apache.kafka:kafka_2.13:${VERSION}`, 'org.slf4j:slf4j-simple:1.7.36'];
/** Servers are told apart by their ports, so all may have this id; it makes the formatted folder the same for all. */
const CLUSTER_ID = 'Um9vZnNob3QtdGVzdHMwMA';
const CLASSES = 'classes.jsa';
/** Writing the classes down takes seven seconds on an idle machine. */
const ARCHIVE_MS = 120_000;
const META = ['meta.properties', 'bootstrap.checkpoint'];
/** A short life on two shared cores: the quick compiler, one collector thread, and a heap that keeps the whole below 300 MB. */
const JVM = ['-Xms96m', '-Xmx256m', '-XX:MaxDirectMemorySize=96m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xss512k'];
const LOGGING = ['-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', '-Dorg.slf4j.simpleLogger.showDateTime=true'];

/** Kafka in KRaft mode: one process that is broker and controller. Topics are made by who needs them. */
export const kafka: ServerKind = {
  name: 'kafka',
  title: 'Kafka',
  variable: 'TEST_KAFKA_URL',
  ports: 2,
  refusesRoot: false,
  patienceMs: 90_000,
  container: {
    image: `apache/kafka:${VERSION}`,
    port: 9092,
    env: ({ ports: [port] }) => containerSettings(port),
  },
  obtain: async () => {
    const java = await findJava();
    const jars = await cached(`kafka-${VERSION}`, (folder) => copyJars(ARTIFACTS, folder));
    const formatted = await cached(`kafka-${VERSION}-formatted`, (folder) => format(java, jars, folder));
    const programs = { java, jars, formatted };
    const archive = await cached(`kafka-${VERSION}-classes-${await fingerprint(java)}`, (folder) => archiveClasses(programs, folder));
    return (place) => launch(place, programs, `-XX:SharedArchiveFile=${join(archive, CLASSES)}`);
  },
  url: ({ ports }) => `kafka://127.0.0.1:${ports[0]}`,
  prove: proveKafka,
};

interface Programs {
  java: string;
  jars: string;
  formatted: string;
}

async function launch({ folder, ports, settings: own }: Place, { java, jars, formatted }: Programs, sharing: string): Promise<Launch> {
  const [log, properties] = [join(folder, 'log'), join(folder, 'server.properties')];
  if (!(await exists(log))) await layOut(log, formatted);
  await writeFile(properties, toProperties({ ...settings(log, ports), ...own }));
  return { server: { program: java, args: [sharing, ...JVM, ...LOGGING, '-cp', join(jars, '*'), 'kafka.Kafka', properties] } };
}

/**
 * Lets a Kafka write down, as it ends, the classes that it has loaded: who starts with them needs half of the processor time (1.6 in
 * place of 3.0 s).
 */
async function archiveClasses(programs: Programs, folder: string): Promise<void> {
  const [port = 0, controller = 0] = await freePorts(2);
  const place: Place = { folder: join(folder, 'place'), ports: [port, controller], secret: '', settings: {} };
  await mkdir(place.folder);
  const { server } = await launch(place, programs, `-XX:ArchiveClassesAtExit=${join(folder, CLASSES)}`);
  const logFile = join(folder, 'server.log');
  const process = await ServerProcess.start({ command: server, folder: place.folder, logFile, account: undefined });
  try {
    await untilReady({ kind: kafka, url: kafka.url(place), ended: process.ended, tail: () => tailOf(logFile) });
  } finally {
    await process.stop('SIGTERM', ARCHIVE_MS);
  }
  await rm(place.folder, { recursive: true });
}

/** A formatted folder costs a start of the JVM; a copy of a formatted one costs nothing. */
async function layOut(log: string, formatted: string): Promise<void> {
  const unfinished = `${log}.${randomBytes(4).toString('hex')}`;
  await mkdir(unfinished, { recursive: true });
  for (const name of META) await copyFile(join(formatted, name), join(unfinished, name));
  await rename(unfinished, log);
}

async function format(java: string, jars: string, folder: string): Promise<void> {
  const properties = join(folder, 'server.properties');
  await writeFile(properties, toProperties(settings(folder, [9092, 9093])));
  await runCommand(java, ['-cp', join(jars, '*'), 'kafka.tools.StorageTool', 'format', '-t', CLUSTER_ID, '-c', properties]);
  await rm(properties);
}

function settings(log: string, [port, controller = port + 1]: readonly [number, ...number[]]): Record<string, string | number> {
  return {
    'controller.quorum.voters': `1@127.0.0.1:${controller}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'log.dirs': log,
    ...ROLES,
    ...SMALL,
    ...PROMPT,
  };
}

const ROLES = {
  'process.roles': 'broker,controller',
  'node.id': 1,
  'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
  'controller.listener.names': 'CONTROLLER',
  'inter.broker.listener.name': 'PLAINTEXT',
};

/** One broker with few partitions: one copy of everything, few threads, small buffers. */
const SMALL = {
  'auto.create.topics.enable': 'false',
  'default.replication.factor': 1,
  'min.insync.replicas': 1,
  'offsets.topic.replication.factor': 1,
  'offsets.topic.num.partitions': 1,
  'offsets.topic.segment.bytes': 1_048_576,
  'transaction.state.log.replication.factor': 1,
  'transaction.state.log.min.isr': 1,
  'transaction.state.log.num.partitions': 1,
  'share.coordinator.state.topic.replication.factor': 1,
  'share.coordinator.state.topic.min.isr': 1,
  'num.network.threads': 2,
  'num.io.threads': 2,
  'background.threads': 2,
  'num.recovery.threads.per.data.dir': 1,
  'log.index.size.max.bytes': 1_048_576,
  'log.cleaner.dedupe.buffer.size': 8_388_608,
};

/** Tests do not wait: groups form at once, and retention and compaction act within a second of what a topic asks for. */
const PROMPT = {
  'group.initial.rebalance.delay.ms': 0,
  'group.min.session.timeout.ms': 1_000,
  // A killed broker may register again only when its old registration has expired.
  'broker.session.timeout.ms': 3_000,
  'broker.heartbeat.interval.ms': 500,
  'log.initial.task.delay.ms': 500,
  'log.retention.check.interval.ms': 1_000,
  'log.segment.delete.delay.ms': 1_000,
  'log.cleaner.backoff.ms': 500,
};

/** The image's own form: KAFKA_ and the property's name in capitals. */
function containerSettings(port: number): Record<string, string> {
  const properties = {
    ...settings('/tmp/kafka-data', [9092, 9093]),
    listeners: 'PLAINTEXT://0.0.0.0:9092,CONTROLLER://127.0.0.1:9093',
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
  };
  const named = Object.entries(properties).map(([name, value]) => [`KAFKA_${name.toUpperCase().replaceAll('.', '_')}`, String(value)]);
  return { ...Object.fromEntries(named), KAFKA_HEAP_OPTS: '-Xms96m -Xmx256m' };
}

function toProperties(values: Record<string, string | number>): string {
  // A backslash and a space at the start have a meaning of their own in this format.
  return Object.entries(values)
    .map(([name, value]) => `${name}=${String(value).replaceAll('\\', '\\\\')}\n`)
    .join('');
}
