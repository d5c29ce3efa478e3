import { Client } from 'pg';
import { describeSqlFailure } from './sql-errors.ts';
import { describeUrl } from './url.ts';

/** Hears a notification's payload; undefined after a reconnect, when notifications may have been missed. It must not throw. */
export type Listen = (payload: string | undefined) => void;

const FIRST_BACKOFF_MS = 50;
const LONGEST_BACKOFF_MS = 2_000;
/** A silent connection is asked this often whether it lives, because a cut network gives no sign. */
const PING_MS = 15_000;
const ANSWER_TIMEOUT_MS = 10_000;

/** One connection that hears the notifications of all channels of a database: opened by the first listener, healed until closed. */
export class Listener {
  readonly #url: string;
  readonly #channels = new Map<string, Set<Listen>>();
  /** The end of what each connection was asked so far. */
  readonly #asked = new WeakMap<Client, Promise<unknown>>();
  #connection: Promise<Client> | undefined;
  #client: Client | undefined;
  #backoff = FIRST_BACKOFF_MS;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(url: string) {
    this.#url = url;
  }

  async listen(channel: string, heard: Listen): Promise<() => Promise<void>> {
    if (this.#closed) throw new Error(`Cannot listen on "${channel}": the database ${describeUrl(this.#url)} was closed.`);
    const own: Listen = (payload) => heard(payload); // one function may be registered twice
    this.#channels.set(channel, (this.#channels.get(channel) ?? new Set()).add(own));
    try {
      await this.#subscribe(await this.#connect(), channel);
    } catch (error) {
      await this.#forget(channel, own);
      throw describeSqlFailure(error, describeUrl(this.#url));
    }
    return () => this.#forget(channel, own);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    const client = await this.#live();
    this.#client = undefined;
    this.#connection = undefined;
    await client?.end();
  }

  /** Stops listening for one listener; the last one of a channel unsubscribes it. A broken connection has lost its subscriptions anyway. */
  async #forget(channel: string, own: Listen): Promise<void> {
    const listeners = this.#channels.get(channel);
    if (listeners?.delete(own) !== true || listeners.size > 0) return;
    this.#channels.delete(channel);
    const client = await this.#live();
    if (client !== undefined && !this.#channels.has(channel)) {
      await this.#ask(client, `UNLISTEN ${client.escapeIdentifier(channel)}`).catch(() => this.#lose(client));
    }
  }

  #subscribe(client: Client, channel: string): Promise<unknown> {
    return this.#ask(client, `LISTEN ${client.escapeIdentifier(channel)}`);
  }

  /** Listeners come and go at once, and a client takes one statement at a time: pg warns of a second one and will refuse it. */
  #ask(client: Client, statement: string): Promise<unknown> {
    const answer = (this.#asked.get(client) ?? Promise.resolve()).then(() => client.query(statement));
    const settled = answer.catch(() => undefined); // who asked gets the failure; this only keeps the order
    this.#asked.set(client, settled);
    return answer;
  }

  async #live(): Promise<Client | undefined> {
    return this.#connection?.catch(() => undefined); // its failure went to whoever asked for the connection
  }

  #connect(): Promise<Client> {
    this.#connection ??= this.#open().catch((error: unknown) => {
      this.#connection = undefined;
      throw error;
    });
    return this.#connection;
  }

  async #open(): Promise<Client> {
    const client = new Client({
      connectionString: this.#url,
      application_name: 'roofshot listener',
      keepAlive: true,
      connectionTimeoutMillis: ANSWER_TIMEOUT_MS,
      query_timeout: ANSWER_TIMEOUT_MS,
    });
    client.on('notification', ({ channel, payload }) => this.#tell(channel, payload ?? ''));
    client.on('error', () => this.#lose(client));
    client.on('end', () => this.#lose(client));
    try {
      await client.connect();
      for (const channel of this.#channels.keys()) await this.#subscribe(client, channel);
    } catch (error) {
      client.end().catch(() => undefined); // only its socket is to be given back
      throw error;
    }
    this.#client = client; // from now on its loss is healed; before, it is the failure of whoever opens it
    this.#keepAsking(client);
    return client;
  }

  #keepAsking(client: Client): void {
    const timer = setInterval(() => {
      if (this.#client !== client) clearInterval(timer);
      else this.#ask(client, 'SELECT 1').catch(() => this.#lose(client));
    }, PING_MS).unref();
  }

  #lose(client: Client): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    this.#connection = undefined;
    client.end().catch(() => undefined); // it is broken: only its socket is to be given back
    this.#healLater();
  }

  #healLater(): void {
    if (this.#closed || this.#channels.size === 0) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#heal(), this.#backoff).unref();
    this.#backoff = Math.min(this.#backoff * 2, LONGEST_BACKOFF_MS);
  }

  async #heal(): Promise<void> {
    try {
      await this.#connect();
    } catch {
      return this.#healLater(); // the server is still away
    }
    this.#backoff = FIRST_BACKOFF_MS;
    for (const channel of this.#channels.keys()) this.#tell(channel, undefined);
  }

  #tell(channel: string, payload: string | undefined): void {
    for (const heard of this.#channels.get(channel) ?? []) heard(payload);
  }
}
