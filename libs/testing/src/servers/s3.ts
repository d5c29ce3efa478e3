import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { copyJars, findJava } from './maven.ts';
import { proveS3 } from './prove-s3.ts';
import { cached } from './server-cache.ts';
import { lines } from './lines.ts';
import type { Launch, Place, ServerKind } from './server-kind.ts';

const VERSION = '4.1.0';
/** Its own list asks for two generations of Jackson; this one has what the newer generation needs. */
const ARTIFACTS = ['com.fasterxml.jackson.core:jackson-annotations:2.21', `org.gaul:s3proxy:${VERSION}`];
const KEY = 'roofshot';
const REGION = 'us-east-1';
/** There from the start; tests that list or count make one of their own. */
const BUCKET = 'roofshot-tests';
const JVM = ['-Xms32m', '-Xmx128m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xss512k'];
const LOGGING = `<configuration><appender name="err" class="ch.qos.logback.core.ConsoleAppender"><target>System.err</target>
<encoder><pattern>%d %p %m%n</pattern></encoder></appender><root level="WARN"><appender-ref ref="err"/></root></configuration>`;

/** An S3-compatible server over a folder: signatures of version 4, conditional PUT (`If-None-Match: *`), checksums. */
export const s3: ServerKind = {
  name: 's3',
  title: 'The S3 server',
  variable: 'TEST_S3_URL',
  ports: 1,
  refusesRoot: false,
  patienceMs: 60_000,
  container: {
    image: 'minio/minio:RELEASE.2025-04-22T22-12-26Z',
    port: 9000,
    env: ({ secret }) => ({ MINIO_ROOT_USER: KEY, MINIO_ROOT_PASSWORD: secret }),
    command: () => ['server', '/data'],
  },
  obtain: async () => {
    const java = await findJava();
    const jars = await cached(`s3proxy-${VERSION}`, (folder) => copyJars(ARTIFACTS, folder));
    return (place) => launch(place, java, jars);
  },
  url: ({ ports, secret }) =>
    `s3://${KEY}:${secret}@${BUCKET}?endpoint=${encodeURIComponent(`http://127.0.0.1:${ports[0]}`)}&region=${REGION}`,
  prove: proveS3,
};

async function launch({ folder, ports, secret, settings }: Place, java: string, jars: string): Promise<Launch> {
  const [files, properties, logging] = [join(folder, 'files'), join(folder, 's3proxy.conf'), join(folder, 'logback.xml')];
  await mkdir(files, { recursive: true });
  await writeFile(logging, LOGGING);
  await writeFile(properties, configuration({ port: ports[0], secret, files }) + lines(settings, '='), { mode: 0o600 });
  const args = [
    ...JVM,
    `-Dlogback.configurationFile=${logging}`,
    '-cp',
    join(jars, '*'),
    'org.gaul.s3proxy.Main',
    '--properties',
    properties,
  ];
  return { server: { program: java, args } };
}

function configuration({ port, secret, files }: { port: number; secret: string; files: string }): string {
  return `s3proxy.endpoint=http://127.0.0.1:${port}
s3proxy.authorization=aws-v2-or-v4
s3proxy.identity=${KEY}
s3proxy.credential=${secret}
jclouds.provider=filesystem-nio2
jclouds.filesystem.basedir=${files}
`;
}
