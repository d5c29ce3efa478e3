import { readFileSync } from 'node:fs';
import { formatPretty } from '@roofshot/telemetry/log-pretty';
import { openLogFile, openStdout, type LineWriter } from '@roofshot/telemetry/log-writer';
import { configureLog, formatJson, log, type LoggerOptions } from '@roofshot/telemetry/logger';
import { connectSentry } from '@roofshot/telemetry/sentry';
import { connectStatsd } from '@roofshot/telemetry/statsd';
import type { SharedConfig } from './env.ts';
import { endAfterCrash } from './process-signals.ts';

export interface TelemetryWishes {
  /** The service's, where there is but one: lines outside of every service's work, such as that of a crash, carry it. */
  readonly name?: string | undefined;
  /** Whether the process may be ended after a crash (see `endAfterCrash`): not one that tests run in. */
  readonly ownsProcess: boolean;
}

/** Log, metrics and error reports of the whole process, as the environment says. */
export interface ProcessTelemetry {
  /** Connects Sentry, where there is one. Throws nothing that a server says. */
  connectSentry(): Promise<void>;
  /** Connects the log server, where there is one. Throws where it refuses, and may then be called again; once it is connected nothing is left to do. */
  connectLogServer(): Promise<void>;
  /** Sends what is left, for some seconds at most, and ends it. */
  close(): Promise<void>;
}

/** Lines are written and metrics are sent from now on. */
export function openTelemetry(shared: SharedConfig, { name = 'roofshot', ownsProcess }: TelemetryWishes): ProcessTelemetry {
  const { logLevel, logFile, statsdUrl, environment, sentryDsn: dsn, elasticsearchUrl } = shared;
  const writer = logFile === undefined ? stdout() : openLogFile(logFile);
  const isTerminal = logFile === undefined && process.stdout.isTTY;
  const about: Pick<LoggerOptions, 'level' | 'service'> = { level: logLevel, service: { name, version: platformVersion(), environment } };
  configureLog({ ...about, write: writer.write, format: isTerminal ? formatPretty({ color: true }) : formatJson });
  const statsd = connectStatsd({ url: statsdUrl });
  const remote: Closable[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(remote.map((server) => server.close()));
    await statsd.close();
    await writer.flush();
    if (logFile === undefined) return;
    configureLog({ ...about, write: stdout().write }); // what is said from now on must not go to a closed file
    await writer.close();
  };
  if (ownsProcess && isLogSent(shared)) endAfterCrash(close);
  let hasLogServer = elasticsearchUrl === undefined;
  return {
    connectSentry: async () => {
      if (dsn !== undefined) remote.push(await connectSentry({ dsn, environment }));
    },
    connectLogServer: async () => {
      if (!hasLogServer) remote.push(await openLogServer(shared));
      hasLogServer = true;
    },
    close,
  };
}

interface Closable {
  close(): Promise<void>;
}

/** Its client is loaded only where there is one. */
async function openLogServer({ elasticsearchUrl: url = '', elasticsearchApiKey: apiKey, environment }: SharedConfig): Promise<Closable> {
  const { openElasticsearchLogs } = await import('@roofshot/telemetry/elasticsearch-logs');
  const logs = await openElasticsearchLogs({ url, apiKey, environment, log });
  const close = async (): Promise<void> => {
    const left = await logs.close();
    if (left > 0) log.warn('The last log lines could not be sent to the log server.', { 'labels.lost': left });
  };
  return { close };
}

/** Whether what is logged is sent to other servers, which must have it before the process ends. */
function isLogSent({ sentryDsn, elasticsearchUrl }: SharedConfig): boolean {
  return sentryDsn !== undefined || elasticsearchUrl !== undefined;
}

/** Whether the log is read elsewhere than where the process was started: then the reason of a failed start must be in it. */
export function isLogElsewhere(shared: SharedConfig): boolean {
  return shared.logFile !== undefined || isLogSent(shared);
}

let standardOutput: LineWriter | undefined;

/** One for the process: several would mix their lines. */
function stdout(): LineWriter {
  return (standardOutput ??= openStdout());
}

/** One for all services: they are built and deployed from one tree. */
function platformVersion(): string {
  const file = new URL('../../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
