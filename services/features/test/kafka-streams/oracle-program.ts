// The oracle's program: Kafka Streams from Maven Central, and WindowOracle.java compiled against it, both kept in the cache of test servers.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findJava } from '@roofshot/testing/maven';
import { pinnedJars, type PinnedJar } from '@roofshot/testing/pinned-jars';
import { runCommand } from '@roofshot/testing/run-command';
import { cached } from '@roofshot/testing/server-cache';
import { NotToBeHad } from '@roofshot/testing/server-kind';

const SOURCE = fileURLToPath(new URL('./WindowOracle.java', import.meta.url));

/** What the test driver uses of Kafka Streams: with stores in memory neither RocksDB (70 MB) nor a codec or Jackson is loaded. */
const JARS: readonly PinnedJar[] = [
  {
    artifact: 'org.apache.kafka:kafka-streams-test-utils:4.1.1',
    sha256: '6c86280a922f19b43a62b5fc10016e51732fe48b516a23ed02932c0cd220ab99',
  },
  { artifact: 'org.apache.kafka:kafka-streams:4.1.1', sha256: 'e554318dbc2b07461f714be32bb324744ba993eb7a49f938792beff577d7044b' },
  { artifact: 'org.apache.kafka:kafka-clients:4.1.1', sha256: '00247122a572c3d3ae4eb60a50192a5811bc0181f51923d13018600f892e821d' },
  { artifact: 'org.slf4j:slf4j-api:1.7.36', sha256: 'd3ef575e3e4979678dc01bf1dcce51021493b4d11fb7f1be8ad982877c16a1c0' },
  { artifact: 'org.slf4j:slf4j-simple:1.7.36', sha256: '2f39bed943d624dfa8f4102d0571283a10870b6aa36f197a8a506f147010c10f' },
];

/** Eclipse's compiler runs on any Java, also where the kit with `javac` is not installed, and is the same one on every machine. */
const COMPILER: readonly PinnedJar[] = [
  { artifact: 'org.eclipse.jdt:ecj:3.38.0', sha256: '97c566b120009c203a2fc8b291f4a9adbc171cf1ccb70f06f6b4e1828c00ce8e' },
];

const JVM = ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error'];

/** The program and its first arguments. @throws NotToBeHad with what is missing and what to do, where it cannot be had */
export async function windowOracle(): Promise<{ java: string; args: string[] }> {
  try {
    const java = await findJava();
    const jars = await pinnedJars('kafka-streams-4.1.1', JARS);
    const classes = await compiled(java, jars);
    return { java, args: [...JVM, '-cp', [classes, ...jars].join(delimiter), 'WindowOracle'] };
  } catch (error) {
    if (!(error instanceof NotToBeHad)) throw error;
    const { message, remedy } = error;
    throw new NotToBeHad(
      `Kafka Streams cannot be had for tests here: ${message}. To have it, ${remedy}. npm run test:embedded runs everything that needs neither it nor a server.`,
      remedy,
      { cause: error },
    );
  }
}

async function compiled(java: string, jars: readonly string[]): Promise<string> {
  const [compiler = ''] = await pinnedJars('ecj-3.38.0', COMPILER);
  const hash = createHash('sha256')
    .update(JSON.stringify([JARS, COMPILER]) + (await readFile(SOURCE, 'utf8')))
    .digest('hex');
  return cached(`window-oracle-${hash.slice(0, 12)}`, async (folder) => {
    await runCommand(java, ['-jar', compiler, '-17', '-proc:none', '-cp', jars.join(delimiter), '-d', folder, SOURCE]);
  });
}

/** Computes the windows of `specs` over `events` into `windows`: files as WindowOracle.java describes them. */
export async function computeWindows({ events, specs, windows }: Record<'events' | 'specs' | 'windows', string>): Promise<void> {
  const { java, args } = await windowOracle();
  await runCommand(java, [...args, events, specs, windows]);
}
