import type { NodeClient } from '@sentry/node';
import { counter, defineMetrics } from './define-metrics.ts';
import { IssueBursts } from './issue-bursts.ts';
import type { LogFeed, LineListener } from './log-feed.ts';
import { log } from './logger.ts';
import { fingerprintOf, issueOf, onlyAllowed } from './sentry-issue.ts';
import { countDrop, countingTransport } from './sentry-transport.ts';

export interface SentryOptions {
  /** SENTRY_DSN, in which `sentryDsnFault` finds nothing. */
  readonly dsn: string;
  /** Default `default`, as for log lines. */
  readonly environment?: string | undefined;
  /** For all issues; default each service's own, `<service>@<version>`. */
  readonly release?: string | undefined;
  /** Whose lines become issues; default those of the process-wide log. */
  readonly feed?: LogFeed;
  /** Milliseconds, for the bound on bursts; default the process's monotonic clock. */
  readonly clock?: () => number;
}

export interface SentryConnection {
  /** Sends what is on its way and gives up after 2 s. Never rejects; a second call does nothing. */
  close(): Promise<void>;
}

/** A process that ends waits so long for Sentry, also one that crashed. */
const CLOSE_MS = 2_000;
/** What was cut off is counted within this. */
const CUT_OFF_MS = 100;

type Sdk = typeof import('@sentry/node');

const metrics = defineMetrics('process', {
  'sentry-issues.suppressed': counter('Issues of a burst that were not sent, because ten of the same kind had been within a minute.'),
});

/**
 * Makes a Sentry issue of every further line at `error` or `fatal`. Sentry's library is loaded only here, and none of what it would
 * hook into the process is set up. A receiver that is away, slow or full disturbs nobody: what it does not take is counted and lost.
 */
export async function connectSentry(options: SentryOptions): Promise<SentryConnection> {
  const sdk = await import('@sentry/node');
  const ending = new AbortController();
  const client = openClient(sdk, ending.signal, options);
  const leave = (options.feed ?? log.feed).onLine(reportTo(client, sdk, options));
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    leave();
    await within(CLOSE_MS, client.close(CLOSE_MS));
    ending.abort();
    await within(CUT_OFF_MS, client.flush(CUT_OFF_MS));
  };
  return { close: () => (closing ??= close()) };
}

/**
 * A client of its own instead of `init`: no global state, no OpenTelemetry, no integrations, so that nothing is hooked, and nothing is
 * reported that the log does not say.
 */
function openClient(sdk: Sdk, ending: AbortSignal, { dsn, environment }: SentryOptions): NodeClient {
  const client = new sdk.NodeClient({
    dsn,
    environment: environment ?? 'default',
    integrations: [],
    stackParser: sdk.defaultStackParser,
    transport: countingTransport(sdk.makeNodeTransport, ending),
    sendDefaultPii: false,
    includeServerName: false,
    sendClientReports: false,
    enableLogs: false,
    enableMetrics: false,
    maxBreadcrumbs: 0,
    beforeSend: onlyAllowed,
  });
  client.recordDroppedEvent = countDrop;
  client.init();
  return client;
}

function reportTo(client: NodeClient, sdk: Sdk, { release, clock = () => performance.now() }: SentryOptions): LineListener {
  const bursts = new IssueBursts();
  return (record, thrown) => {
    if (record['log.level'] !== 'error' && record['log.level'] !== 'fatal') return;
    const fingerprint = fingerprintOf(record);
    const suppressed = bursts.pass(JSON.stringify(fingerprint), clock());
    if (suppressed === undefined) return metrics['sentry-issues.suppressed']();
    const issue = issueOf({ record, thrown, fingerprint, suppressed }, sdk.defaultStackParser, release);
    // Without an original exception, which Sentry's library would mark and then pass over when it is told a second time.
    client.captureEvent(issue, undefined, new sdk.Scope());
  };
}

async function within(milliseconds: number, work: PromiseLike<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => (timer = setTimeout(resolve, milliseconds)));
  try {
    await Promise.race([work, patience]);
  } catch {
    // sending failed, which has been counted
  } finally {
    clearTimeout(timer);
  }
}
