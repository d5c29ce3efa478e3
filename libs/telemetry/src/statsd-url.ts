import { unixSocketFault } from './unix-sockets.ts';

/**
 * How tags travel: `dogstatsd` appends `|#tag:value` (DogStatsD, Telegraf, statsd_exporter and statsd ≥ 0.9 read it), `name`
 * appends the values to the metric's name, for servers without tags; `none` drops them.
 */
export const TAG_FORMATS = ['dogstatsd', 'name', 'none'] as const;

export type TagFormat = (typeof TAG_FORMATS)[number];

export type StatsdAddress =
  | { readonly protocol: 'udp'; readonly host: string; readonly port: number; readonly tagFormat: TagFormat }
  | { readonly protocol: 'uds'; readonly path: string; readonly tagFormat: TagFormat };

const DEFAULT_PORT = 8125;

/** STATSD_URL cannot be used. */
export class WrongStatsdUrl extends Error {
  override readonly name = 'WrongStatsdUrl';

  constructor(
    text: string,
    /** What is wrong with it and what to write instead. */
    readonly reason: string,
  ) {
    super(`STATSD_URL=${text} is not allowed; ${reason}`);
  }
}

/** What is wrong with STATSD_URL and what to write instead, for a list of all faults of a set-up; undefined when metrics can be sent there. */
export function statsdFault(text: string, socketFault: () => string | undefined = unixSocketFault): string | undefined {
  try {
    requireSockets(text, parseStatsdUrl(text), socketFault);
    return undefined;
  } catch (error) {
    if (error instanceof WrongStatsdUrl) return error.reason;
    throw error;
  }
}

/** Throws `WrongStatsdUrl` where this Node cannot send to Unix sockets and the address is one. */
export function requireSockets(text: string, { protocol }: StatsdAddress, socketFault: () => string | undefined = unixSocketFault): void {
  const fault = protocol === 'uds' ? socketFault() : undefined;
  if (fault === undefined) return;
  const reason = fault.replaceAll(/\s+/g, ' ').trim();
  throw new WrongStatsdUrl(
    text,
    `Unix sockets need the package unix-dgram, which cannot be loaded here. Compile it for Node ${process.versions.node}, or write udp://host:8125. ${reason}`,
  );
}

/**
 * Reads STATSD_URL: `udp://host[:port]` (port 8125) or `uds:/path/of.socket`, each with `?tags=dogstatsd|name|none`
 * (default dogstatsd). Throws `WrongStatsdUrl`, saying which part is wrong.
 */
export function parseStatsdUrl(text: string): StatsdAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'udp:' && url.hostname !== '' && url.port !== '0') {
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
    return { protocol: 'udp', host, port: url.port === '' ? DEFAULT_PORT : Number(url.port), tagFormat: tagFormatOf(url, text) };
  }
  if (url?.protocol === 'uds:' && url.hostname === '' && url.pathname.length > 1) {
    return { protocol: 'uds', path: decodeURIComponent(url.pathname), tagFormat: tagFormatOf(url, text) };
  }
  throw new WrongStatsdUrl(text, 'it is no address of a StatsD server. Write udp://host:8125 or uds:/path/of.socket.');
}

function tagFormatOf(url: URL, text: string): TagFormat {
  const unknown = [...url.searchParams.keys()].find((key) => key !== 'tags');
  if (unknown !== undefined) throw new WrongStatsdUrl(text, `there is no parameter "${unknown}" (there is tags).`);
  const asked = url.searchParams.get('tags') ?? 'dogstatsd';
  const format = TAG_FORMATS.find((candidate) => candidate === asked);
  if (format === undefined) throw new WrongStatsdUrl(text, `tags=${asked} is no tag format. Use one of ${TAG_FORMATS.join(', ')}.`);
  return format;
}
