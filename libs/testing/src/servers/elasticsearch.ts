import { chown, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { copyArtifact, findJava } from './maven.ts';
import { proveElasticsearch } from './prove-elasticsearch.ts';
import { runCommand } from './run-command.ts';
import { cached } from './server-cache.ts';
import { accountFor } from './server-process.ts';
import { lines } from './lines.ts';
import type { Launch, Place, ServerKind } from './server-kind.ts';

const VERSION = '8.19.21';
/** What Elastic publishes for tests of plug-ins: the server with few of its modules. */
const ARTIFACT = `org.elasticsearch.distribution.integ-test-zip:elasticsearch:${VERSION}:zip`;
const PLUGIN = fileURLToPath(new URL('./RestRootPlugin.java', import.meta.url));

/**
 * Elasticsearch with bulk, search, aggregations, aliases and templates. This build has no data streams, no life cycle policies, no ingest
 * processors, no scripts (painless), no `_update_by_query`, no SQL and ES|QL, no `scaled_float`, and analyses no languages.
 */
export const elasticsearch: ServerKind = {
  name: 'elasticsearch',
  title: 'Elasticsearch',
  variable: 'TEST_ELASTICSEARCH_URL',
  ports: 2,
  refusesRoot: true,
  patienceMs: 180_000,
  container: {
    image: `docker.elastic.co/elasticsearch/elasticsearch:${VERSION}`,
    port: 9200,
    env: () => ({
      'discovery.type': 'single-node',
      'xpack.security.enabled': 'false',
      'action.destructive_requires_name': 'false',
      'cluster.routing.allocation.disk.threshold_enabled': 'false',
      ES_JAVA_OPTS: '-Xms512m -Xmx512m',
    }),
  },
  obtain: async () => {
    const java = await findJava();
    const home = join(await cached(`elasticsearch-${VERSION}`, fill), `elasticsearch-${VERSION}`);
    return (place) => launch(place, java, home);
  },
  url: ({ ports }) => `http://127.0.0.1:${ports[0]}`,
  prove: proveElasticsearch,
};

async function fill(folder: string): Promise<void> {
  await copyArtifact(ARTIFACT, folder);
  const zip = join(folder, `elasticsearch-${VERSION}.zip`);
  await runCommand(await findJava('jar'), ['--extract', '--file', zip], folder);
  await rm(zip);
  await addPlugin(join(folder, `elasticsearch-${VERSION}`));
}

async function addPlugin(home: string): Promise<void> {
  const [folder, classes] = [join(home, 'plugins', 'rest-root'), join(home, 'plugins', '.classes')];
  await mkdir(folder, { recursive: true });
  await runCommand(await findJava('javac'), ['--release', '17', '-proc:none', '-cp', join(home, 'lib', '*'), '-d', classes, PLUGIN]);
  await runCommand(await findJava('jar'), ['--create', '--file', join(folder, 'rest-root.jar'), '-C', classes, '.']);
  await rm(classes, { recursive: true });
  await writeFile(join(folder, 'plugin-descriptor.properties'), DESCRIPTOR);
}

const DESCRIPTOR = `name=rest-root
description=Answers GET /
version=1
classname=RestRootPlugin
java.version=17
elasticsearch.version=${VERSION}
`;

/** As bin/elasticsearch does it, which the archive's loss of file modes leaves without the right to run. */
async function launch(place: Place, java: string, home: string): Promise<Launch> {
  const { folder } = place;
  const [config, temporary] = [join(folder, 'config'), join(folder, 'tmp')];
  await writeConfig(place, config, temporary);
  const properties = {
    'cli.name': 'server',
    'cli.script': join(home, 'bin', 'elasticsearch'),
    'cli.libs': 'lib/tools/server-cli',
    'es.path.home': home,
    'es.path.conf': config,
    'es.distribution.type': 'zip',
    'es.java.type': 'ES_JAVA_HOME',
  };
  const defined = Object.entries(properties).map(([name, value]) => `-D${name}=${value}`);
  const classes = [
    '-cp',
    `${join(home, 'lib', '*')}:${join(home, 'lib', 'cli-launcher', '*')}`,
    'org.elasticsearch.launcher.CliToolLauncher',
  ];
  const env = { HOME: folder, ES_TMPDIR: temporary, ES_JAVA_HOME: dirname(dirname(java)) };
  return { server: { program: java, args: ['-Xms4m', '-Xmx64m', '-XX:+UseSerialGC', ...defined, ...classes], env, cwd: home } };
}

async function writeConfig(place: Place, config: string, temporary: string): Promise<void> {
  for (const folder of [config, temporary]) await mkdir(folder, { recursive: true });
  await writeFile(join(config, 'elasticsearch.yml'), settings(place) + lines(place.settings, ': '));
  await writeFile(join(config, 'jvm.options'), JVM);
  await writeFile(join(config, 'log4j2.properties'), LOGGING);
  const account = accountFor(true);
  // It keeps a key store of its own beside its settings.
  if (account !== undefined) for (const folder of [config, temporary]) await chown(folder, account.uid, account.gid);
}

function settings({ folder, ports: [port, transport = 0] }: Place): string {
  return `cluster.name: roofshot-tests
node.name: test
discovery.type: single-node
network.host: 127.0.0.1
http.port: ${port}
transport.port: ${transport}
path.data: ${JSON.stringify(join(folder, 'files'))}
path.logs: ${JSON.stringify(join(folder, 'logs'))}
xpack.security.enabled: false
cluster.routing.allocation.disk.threshold_enabled: false
action.destructive_requires_name: false
`;
}

const JVM = `-Xms256m
-Xmx512m
-XX:+UseSerialGC
-XX:TieredStopAtLevel=1
-XX:+ExitOnOutOfMemoryError
-Djava.io.tmpdir=\${ES_TMPDIR}
`;

const LOGGING = `status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %p %c{1.} %m%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
`;
