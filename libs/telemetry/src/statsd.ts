import { StatsD, type ClientOptions } from 'hot-shots';
import { counter, defineMetrics, sendMetricsTo } from './define-metrics.ts';
import type { MetricSink, SentTags } from './metric-sink.ts';
import { parseStatsdUrl, requireSockets, type StatsdAddress, type TagFormat } from './statsd-url.ts';

export interface StatsdOptions {
  /** STATSD_URL (see `parseStatsdUrl`); absent or empty: nothing is sent. */
  readonly url?: string | undefined;
  /** How long counts and gauges are gathered before they are sent, and lines before a packet leaves. Default 1,000 ms each. */
  readonly flushMs?: number;
}

export interface StatsdConnection {
  /** Sends what is gathered, closes the socket and stops taking metrics. Never rejects; a second call does nothing. */
  close(): Promise<void>;
  /** How often the socket or the look-up of the host failed so far. Such packets are lost: StatsD promises nothing. */
  errors(): number;
}

/** The payload that fits into one Ethernet frame (MTU 1,500) over any usual network, as DogStatsD and statsd advise. */
export const MAX_PACKET_BYTES = 1432;

const FLUSH_MS = 1000;

const metrics = defineMetrics('process', {
  'statsd.errors': counter('Packets of metrics that could not be sent to the StatsD server.'),
});

/**
 * Sends every measurement of the process to a StatsD server from now on. Counts and gauges are combined per series before they
 * are sent, timings are sent one by one, all in packets of at most 1,432 bytes. A server that is away disturbs nobody: its errors
 * are counted. Throws only when the URL is wrong or asks for a Unix socket where the package for it is missing.
 */
export function connectStatsd({ url, flushMs = FLUSH_MS }: StatsdOptions): StatsdConnection {
  if (url === undefined || url === '') return { close: () => Promise.resolve(), errors: () => 0 };
  const address = parseStatsdUrl(url);
  requireSockets(url, address);
  let failures = 0;
  const countFailure = (): void => {
    failures += 1;
    metrics['statsd.errors']();
  };
  const client = new StatsD(clientOptions(address, flushMs, countFailure));
  const disconnect = sendMetricsTo(sinkOn(client, address.tagFormat));
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    disconnect();
    await closeClient(client, countFailure);
  };
  return { close: () => (closing ??= close()), errors: () => failures };
}

/** Everything that hot-shots would otherwise read from DD_* variables is fixed: STATSD_URL alone decides. */
function clientOptions(address: StatsdAddress, flushMs: number, errorHandler: () => void): ClientOptions {
  const { protocol } = address;
  return {
    ...(protocol === 'udp' ? { protocol, host: address.host, port: address.port, cacheDns: true } : { protocol, path: address.path }),
    maxBufferSize: MAX_PACKET_BYTES,
    bufferFlushInterval: flushMs,
    aggregation: { flushInterval: flushMs },
    datadog: false,
    includeDataDogTags: false,
    includeDatadogTelemetry: false,
    errorHandler,
  };
}

function sinkOn(client: StatsD, format: TagFormat): MetricSink {
  const nameOf = (name: string, tags: SentTags): string =>
    format === 'name' ? [name, ...Object.values(tags).map(toNamePart)].join('.') : name;
  const sent = (tags: SentTags): SentTags => (format === 'dogstatsd' ? tags : {});
  return {
    count: (name, amount, tags) => client.increment(nameOf(name, tags), amount, sent(tags)),
    timing: (name, milliseconds, tags) => client.timing(nameOf(name, tags), milliseconds, sent(tags)),
    gauge: (name, value, tags) => setGauge(client, nameOf(name, tags), value, sent(tags)),
  };
}

/** `-5|g` means «less by 5» to every server but DogStatsD, so a negative value is said as 0 and then 5 less. */
function setGauge(client: StatsD, name: string, value: number, tags: SentTags): void {
  client.gauge(name, Math.max(value, 0), tags);
  if (value < 0) client.gaugeDelta(name, value, tags);
}

/** A dot would start a new level of the name. */
function toNamePart(value: string): string {
  return value.replaceAll(/[^A-Za-z0-9_-]+/g, '_');
}

/** hot-shots leaves the socket open when its last flush fails; by then its buffer is empty, so a second close succeeds. */
async function closeClient(client: StatsD, countFailure: () => void): Promise<void> {
  const isClosed = await tryClose(client);
  if (isClosed) return;
  countFailure();
  await tryClose(client);
}

function tryClose(client: StatsD): Promise<boolean> {
  return new Promise((resolve) => client.close((error) => resolve(!error)));
}
