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

/**
 * Reads STATSD_URL: `udp://host[:port]` (port 8125) or `uds:/path/of.socket`, each with `?tags=dogstatsd|name|none`
 * (default dogstatsd). Throws, saying which part is wrong.
 */
export function parseStatsdUrl(text: string): StatsdAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'udp:' && url.hostname !== '' && url.port !== '0') {
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
    return { protocol: 'udp', host, port: url.port === '' ? DEFAULT_PORT : Number(url.port), tagFormat: tagFormatOf(url) };
  }
  if (url?.protocol === 'uds:' && url.hostname === '' && url.pathname.length > 1) {
    return { protocol: 'uds', path: decodeURIComponent(url.pathname), tagFormat: tagFormatOf(url) };
  }
  throw new Error(`STATSD_URL is "${text}", which is no address of a StatsD server. Write udp://host:8125 or uds:/path/of.socket.`);
}

function tagFormatOf(url: URL): TagFormat {
  const asked = url.searchParams.get('tags') ?? 'dogstatsd';
  const format = TAG_FORMATS.find((candidate) => candidate === asked);
  if (format === undefined)
    throw new Error(`STATSD_URL asks for tags=${asked}, which is no tag format. Use one of ${TAG_FORMATS.join(', ')}.`);
  return format;
}
