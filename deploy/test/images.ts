/** The images of the services and of the servers behind them, built here. */
import { existsSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { copyJars } from '@roofshot/testing/maven';
import { cached, cacheFolder } from '@roofshot/testing/server-cache';
import { elasticsearch } from '../../libs/testing/src/servers/elasticsearch.ts';
import { haveBase } from './base-image.ts';
import { readCompose, exampleVariables, ROOT } from './compose-file.ts';
import { docker } from './docker.ts';

/** Ours, so that nobody takes them for released ones. */
export const imageOf = (name: string): string => `roofshot-test/${name}`;

export interface Images {
  /** Image by the name in compose.yaml, for servers whose public image cannot be pulled; empty where they can. */
  readonly servers: Readonly<Record<string, string>>;
}

const SERVERS = ['kafka', 'rabbitmq', 'postgres', 'redis', 's3', 'elasticsearch'];

export async function buildImages(services: readonly string[]): Promise<Images> {
  const { base, isLocal } = await haveBase();
  const network = await networkForBuilds();
  const build = async (target: readonly string[], name: string, context: string): Promise<void> => {
    const args = ['--progress', 'plain', ...network, '--build-arg', `BASE=${base}`, ...target, '--tag', imageOf(name), context];
    await docker('buildx', 'build', ...args);
  };
  const secrets = [...secret('npmrc', join(homedir(), '.npmrc')), ...secret('pip', '/etc/pip.conf')];
  const dockerfile = ['--file', join(ROOT, 'deploy/docker/Dockerfile')];
  for (const service of services) await build([...dockerfile, ...secrets, '--build-arg', `SERVICE=${service}`], service, ROOT);
  if (!isLocal) return { servers: {} };
  const context = await serversContext();
  try {
    for (const server of SERVERS) await build(['--target', server], server, context);
  } finally {
    await rm(context, { recursive: true });
  }
  return { servers: Object.fromEntries(SERVERS.map((server) => [server, imageOf(server)])) };
}

/** The machine's own settings of npm and pip, such as a mirror: seen by the build, and not kept in the image. */
function secret(id: string, file: string): string[] {
  return existsSync(file) ? ['--secret', `id=${id},src=${file}`] : [];
}

/** An engine without a network of its own lends the machine's. */
async function networkForBuilds(): Promise<string[]> {
  const names = (await docker('network', 'ls', '--format', '{{.Name}}')).split('\n');
  return names.includes('bridge') ? [] : ['--network', 'host'];
}

/** The Dockerfile of the servers with what is too large for the repository beside it, in the versions that compose.yaml names. */
async function serversContext(): Promise<string> {
  const compose = readCompose(exampleVariables().set);
  const version = (server: string): string => compose[server]?.image.split(':')[1] ?? '';
  const kafka = [`org.apache.kafka:kafka_2.13:${version('kafka')}`, 'org.slf4j:slf4j-simple:1.7.36'];
  const s3 = ['com.fasterxml.jackson.core:jackson-annotations:2.21', `org.gaul:s3proxy:${version('s3')}`];
  const context = await mkdtemp('/var/tmp/roofshot-servers-');
  await cp(join(ROOT, 'deploy/test/servers'), context, { recursive: true });
  await cp(await cached(`kafka-${version('kafka')}-jars`, (folder) => copyJars(kafka, folder)), join(context, 'kafka-jars'), {
    recursive: true,
  });
  await cp(await cached(`s3proxy-${version('s3')}-jars`, (folder) => copyJars(s3, folder)), join(context, 's3-jars'), { recursive: true });
  await elasticsearch.obtain();
  const name = `elasticsearch-${version('elasticsearch')}`;
  await cp(join(await cacheFolder(), name, name), join(context, 'elasticsearch'), { recursive: true });
  return context;
}
