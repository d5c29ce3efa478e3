import { formatPretty } from '@roofshot/telemetry/log-pretty';
import { openLogFile, openStdout, type LineWriter } from '@roofshot/telemetry/log-writer';
import { configureLog, formatJson } from '@roofshot/telemetry/logger';
import { connectStatsd } from '@roofshot/telemetry/statsd';
import type { SharedConfig } from './env.ts';

/** Log and metrics of the whole process, as the environment says. Answers how to flush and end them. */
export function openTelemetry({ logLevel, logFile, statsdUrl }: SharedConfig): () => Promise<void> {
  const writer = logFile === undefined ? stdout() : openLogFile(logFile);
  const isTerminal = logFile === undefined && process.stdout.isTTY;
  configureLog({ level: logLevel, write: writer.write, format: isTerminal ? formatPretty({ color: true }) : formatJson });
  const statsd = connectStatsd({ url: statsdUrl });
  return async () => {
    await statsd.close();
    await writer.flush();
    if (logFile === undefined) return;
    configureLog({ level: logLevel, write: stdout().write }); // what is said from now on must not go to a closed file
    await writer.close();
  };
}

let shared: LineWriter | undefined;

/** One for the process: several would mix their lines. */
function stdout(): LineWriter {
  return (shared ??= openStdout());
}
