import { spawn, type ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { eventually } from '@roofshot/testing/eventually';
import { tempDir } from '@roofshot/testing/temp-dir';

/** The original StatsD server (npm statsd) as a process of its own, for tests. It never flushes, so what it holds stays readable. */
export interface StatsdServer {
  /** The port for metrics, on 127.0.0.1, UDP. */
  readonly port: number;
  /** Its counters by name, as its management port tells them. */
  counters(): Promise<Record<string, number>>;
  gauges(): Promise<Record<string, number>>;
  /** The single values of each timer. */
  timers(): Promise<Record<string, number[]>>;
  stop(): Promise<void>;
}

/** Below the ports that the system hands out to clients, so that none of them takes it first. */
const PORTS = { from: 20_000, count: 12_000 };

/** statsd 0.9 calls `util.log`, which Node dropped in version 23. */
const UTIL_LOG = 'data:text/javascript,import util from "node:util"; util.log = (text) => process.stdout.write(text + "\\n");';

/** Starts a server on free ports and waits until it answers. */
export async function startStatsdServer(): Promise<StatsdServer> {
  const dir = await tempDir('statsd');
  const port = await freePort();
  const managementPort = await freePort();
  const config = join(dir.path, 'config.js');
  await writeFile(config, configText(port, managementPort));
  const child = spawn(process.execPath, ['--import', UTIL_LOG, serverFile(), config], { stdio: ['ignore', 'ignore', 'pipe'] });
  const stop = async (): Promise<void> => {
    await endChild(child);
    await dir.remove();
  };
  const ask = async (command: string): Promise<unknown> => readAnswer(await askManagement(managementPort, command));
  await waitUntilUp(child, () => ask('counters')).catch((cause: unknown) => stop().then(() => Promise.reject(cause)));
  return {
    port,
    counters: () => ask('counters') as Promise<Record<string, number>>,
    gauges: () => ask('gauges') as Promise<Record<string, number>>,
    timers: () => ask('timers') as Promise<Record<string, number[]>>,
    stop,
  };
}

function serverFile(): string {
  return createRequire(import.meta.url).resolve('statsd/stats.js');
}

/** It flushes once a day, that is never: a flush would set the counters back to 0. */
function configText(port: number, managementPort: number): string {
  const config = {
    port,
    address: '127.0.0.1',
    mgmt_port: managementPort,
    mgmt_address: '127.0.0.1',
    backends: ['./backends/console'],
    flushInterval: 86_400_000,
    automaticConfigReload: false,
  };
  return JSON.stringify(config);
}

async function waitUntilUp(child: ChildProcess, ask: () => Promise<unknown>): Promise<void> {
  let complaints = '';
  child.stderr?.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  await eventually(
    async () => {
      if (child.exitCode !== null) complaints = `statsd ended with code ${child.exitCode}: ${complaints}`;
      return Boolean(await ask());
    },
    { describe: 'statsd to answer' },
  ).catch((cause: unknown) => Promise.reject(new Error(`The test's statsd server did not start. ${complaints}`, { cause })));
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill();
  await ended;
}

async function askManagement(port: number, command: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    socket.write(`${command}\n`);
    return await readToEnd(socket);
  } finally {
    socket.destroy();
  }
}

async function readToEnd(socket: Socket): Promise<string> {
  let answer = '';
  for await (const chunk of socket) {
    answer += String(chunk);
    if (answer.includes('\nEND\n')) break;
  }
  return answer.slice(0, answer.lastIndexOf('END'));
}

/** The server answers with `util.inspect`, a JavaScript literal. */
function readAnswer(answer: string): unknown {
  return JSON.parse(runInNewContext(`JSON.stringify(${answer})`) as string);
}

/** A port that is free for UDP and TCP alike. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const port = PORTS.from + Math.floor(Math.random() * PORTS.count);
    if ((await isFreeForTcp(port)) && (await isFreeForUdp(port))) return port;
  }
  throw new Error(`No free port was found between ${PORTS.from} and ${PORTS.from + PORTS.count}. End the processes that hold them.`);
}

async function isFreeForTcp(port: number): Promise<boolean> {
  const server = createServer();
  const isFree = new Promise<boolean>((resolve) =>
    server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true)),
  );
  if (await isFree) await new Promise((resolve) => server.close(resolve));
  return isFree;
}

async function isFreeForUdp(port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  const isFree = await new Promise<boolean>((resolve) =>
    socket.once('error', () => resolve(false)).bind(port, '127.0.0.1', () => resolve(true)),
  );
  await new Promise<void>((resolve) => socket.close(resolve));
  return isFree;
}
