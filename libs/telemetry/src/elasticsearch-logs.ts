import { Client, errors, type ClientOptions } from '@elastic/elasticsearch';
import { parseElasticsearchUrl } from './elasticsearch-url.ts';
import type { LogFeed } from './log-feed.ts';
import { LOG_INDEX_TEMPLATE, LOG_STREAMS, logIndexTemplate } from './log-index-template.ts';
import { formatJson, type Logger } from './logger.ts';
import { BulkRefused, LogShipper, type LineFate, type ShippedLine, type ShipperOptions } from './log-shipper.ts';

export interface ElasticsearchLogsOptions {
  /** ELASTICSEARCH_URL: `https://user:password@host:9200`. */
  readonly url: string;
  /** ELASTICSEARCH_API_KEY, base64 as Kibana shows it; instead of user and password. */
  readonly apiKey?: string | undefined;
  /** The last part of the data stream's name; default `default`. */
  readonly environment?: string | undefined;
  /** Whose lines are shipped, and where outages of the server are told. */
  readonly log: Logger;
  readonly shipping?: Partial<Pick<ShipperOptions, 'flushMs' | 'maxCharacters' | 'retry'>>;
}

export interface ElasticsearchLogs {
  /** Lines that will never be found there. */
  lost(): number;
  /** Sends what is left and gives up after 2 s; answers how many lines were left. */
  close(): Promise<number>;
}

/** The server answered, and will go on answering so until somebody changes the settings. */
export class LogServerRefused extends Error {
  override readonly name = 'LogServerRefused';
}

/** At the start the server has this long to be known as wrong; one that is only slow or away is waited for by nobody. */
const CHECK_MS = 3000;
const REQUEST_MS = 30_000;

/** The data stream (or, where the server has none, the index) of an environment's lines. */
export function logStreamOf(environment = 'default'): string {
  return LOG_STREAMS.replace('*', environment);
}

/**
 * Ships every further line of `log` to Elasticsearch 8 by bulk, each at most once. The index template is put first, unless one of the
 * same version is there. A server that is away disturbs nobody: lines wait for it (see `LogShipper`). Throws `LogServerRefused` when it
 * answers that the user is unknown, or is no Elasticsearch.
 */
export async function openElasticsearchLogs(options: ElasticsearchLogsOptions): Promise<ElasticsearchLogs> {
  const { log, shipping } = options;
  const server = new LogServer(new Client(clientOptions(options)), log);
  const stream = logStreamOf(options.environment);
  const shipper = new LogShipper({
    ...shipping,
    send: (lines, signal) => server.send(stream, lines, signal),
    say: (level, sentence, fields) => log[level](sentence, { ...fields, 'labels.server': server.name }),
  });
  const leave = follow(log.feed, shipper);
  const close = async (): Promise<number> => {
    leave();
    const left = await shipper.close();
    await server.close();
    return left;
  };
  try {
    await server.refuseWrong();
  } catch (error) {
    await close();
    throw error;
  }
  return { lost: () => shipper.lost, close };
}

function follow(feed: LogFeed, shipper: LogShipper): () => void {
  return feed.onLine((record) => shipper.add(formatJson(record)));
}

function clientOptions({ url, apiKey }: ElasticsearchLogsOptions): ClientOptions {
  const { node, username, password } = parseElasticsearchUrl(url);
  return {
    node,
    maxRetries: 0, // the shipper's own pauses
    requestTimeout: REQUEST_MS,
    ...(apiKey !== undefined ? { auth: { apiKey } } : username !== '' && { auth: { username, password } }),
  };
}

class LogServer {
  readonly #client: Client;
  readonly #log: Logger;
  #prepared: Promise<void> | undefined;

  constructor(client: Client, log: Logger) {
    this.#client = client;
    this.#log = log;
  }

  get name(): string {
    return [...this.#client.connectionPool.connections].map(({ url }) => url.host).join(', ');
  }

  /** Throws `LogServerRefused`; other failures pass, and are met again by the first bulk. */
  async refuseWrong(): Promise<void> {
    await this.#prepare(AbortSignal.timeout(CHECK_MS)).catch((error: unknown) => {
      if (error instanceof LogServerRefused) throw error;
    });
  }

  async send(stream: string, lines: readonly ShippedLine[], signal: AbortSignal): Promise<LineFate[]> {
    await this.#prepare(signal);
    const operations = lines.flatMap(({ id, json }) => [{ create: { _id: id } }, json]);
    const { items } = await this.#client.bulk({ index: stream, operations }, { signal }).catch(refuseWhole);
    return items.map(({ create }) => fateOf(create?.status ?? 0, create?.error?.reason ?? undefined));
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  /** Once; again after a failure. */
  async #prepare(signal: AbortSignal): Promise<void> {
    this.#prepared ??= this.#putTemplate(signal);
    try {
      await this.#prepared;
    } catch (error) {
      this.#prepared = undefined;
      throw explain(error, this.name);
    }
  }

  async #putTemplate(signal: AbortSignal): Promise<void> {
    const template = logIndexTemplate({ dataStreams: await this.#hasDataStreams(signal) });
    try {
      const found = await this.#client.indices.getIndexTemplate({ name: LOG_INDEX_TEMPLATE }, { signal, ignore: [404] });
      const version = found.index_templates?.[0]?.index_template.version ?? 0;
      if (version < (template.version ?? 0))
        await this.#client.indices.putIndexTemplate({ name: LOG_INDEX_TEMPLATE, ...template }, { signal });
    } catch (error) {
      if (statusOf(error) !== 403) throw error;
      this.#log.warn('The index template of the log lines may not be put by this user; put it once as another.', {
        'labels.template': 'observability/elasticsearch/index-template.json',
        error,
      });
    }
  }

  /** Builds without them know no such request. */
  async #hasDataStreams(signal: AbortSignal): Promise<boolean> {
    try {
      await this.#client.indices.getDataStream({ name: LOG_STREAMS }, { signal, ignore: [404] });
      return true;
    } catch (error) {
      if (statusOf(error) === 403) return true;
      if (statusOf(error) === 400 || statusOf(error) === 405) return false;
      throw error;
    }
  }
}

/** Too large for the server or for a proxy before it (413), or with something in it that none of them reads (400). */
function refuseWhole(error: unknown): never {
  const status = statusOf(error);
  if (status === 413 || status === 400) throw new BulkRefused(`the whole bulk was answered ${status}`, { cause: error });
  throw error;
}

const CONFLICT = 409; // an earlier try, whose answer was lost, has kept it
const TOO_MANY_REQUESTS = 429;

function fateOf(status: number, reason = `status ${status}`): LineFate {
  if ((status >= 200 && status < 300) || status === CONFLICT) return 'kept';
  return status === TOO_MANY_REQUESTS || status >= 500 ? 'again' : { refused: reason };
}

function statusOf(error: unknown): number | undefined {
  return error instanceof errors.ResponseError ? error.statusCode : undefined;
}

function explain(error: unknown, server: string): unknown {
  if (statusOf(error) === 401)
    return new LogServerRefused(
      `Elasticsearch at ${server} does not know this user. Correct user and password in ELASTICSEARCH_URL, or ELASTICSEARCH_API_KEY.`,
      { cause: error },
    );
  if (error instanceof errors.ProductNotSupportedError || statusOf(error) === 404)
    return new LogServerRefused(`What answers at ${server} is no Elasticsearch of version 8. Correct ELASTICSEARCH_URL.`, { cause: error });
  return error;
}
