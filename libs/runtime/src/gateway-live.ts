import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { LiveGone, LiveServices } from '@roofshot/contracts/http/live';
import { DomainError } from './errors.ts';
import type { Observed } from './gateway-health.ts';
import { pause } from './live.ts';

/** Each client costs a connection to every service. */
const MOST_CLIENTS = 50;
/** The page takes a longer silence for a lost connection. */
const HEARTBEAT_MS = 2_000;
const AGAIN_MS = 1_000;
/** A service sends every second; one that says nothing for so long hangs. */
const SILENCE_MS = 10_000;
/** A frame is some kilobytes; whatever is longer is no frame. */
const MOST_CHARACTERS = 4_000_000;

/** `GET /live` of the gateway: the live streams of all services in one, each message whole. */
export interface LiveMerge {
  answer(request: IncomingMessage, response: ServerResponse): void;
  /** Ends all streams. */
  stop(): void;
}

/** Streams that end are opened again while the client stays; meanwhile it is told that the service is gone. */
export function mergeLive(services: readonly Observed[]): LiveMerge {
  const stopping = new AbortController();
  let clients = 0;
  return {
    stop: () => stopping.abort(),
    answer: (_request, response) => {
      if (clients >= MOST_CLIENTS) throw tooMany();
      clients += 1;
      const client = new LiveClient(response, stopping.signal);
      response.once('close', () => void (clients -= 1));
      client.begin(services);
    },
  };
}

class LiveClient {
  readonly #response: ServerResponse;
  readonly #ended = new AbortController();
  readonly #signal: AbortSignal;

  constructor(response: ServerResponse, stopping: AbortSignal) {
    this.#response = response;
    this.#signal = AbortSignal.any([stopping, this.#ended.signal]);
  }

  begin(services: readonly Observed[]): void {
    this.#response.once('close', () => this.#ended.abort());
    this.#response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    const named: LiveServices = { services: services.map(({ name }) => name) };
    this.#response.write(`event: services\ndata: ${JSON.stringify(named)}\n\n`);
    const all = [this.#beat(), ...services.map((service) => this.#follow(service))];
    // Every one of them ends with the signal, and what fails in a stream is told to the client.
    void Promise.all(all).finally(() => this.#response.end());
  }

  async #beat(): Promise<void> {
    while (!this.#signal.aborted) {
      await pause(HEARTBEAT_MS, this.#signal);
      if (!this.#signal.aborted && !this.#response.writableNeedDrain) this.#response.write(`event: alive\ndata: {}\n\n`);
    }
  }

  async #follow(service: Observed): Promise<void> {
    while (!this.#signal.aborted) {
      const reason = await this.#passOn(service);
      if (this.#signal.aborted) return;
      const gone: LiveGone = { service: service.name, at: Date.now(), reason };
      await this.#write(`event: gone\ndata: ${JSON.stringify(gone)}\n\n`);
      await pause(AGAIN_MS, this.#signal);
    }
  }

  /** Until the stream ends; answers why it did. */
  async #passOn({ url }: Observed): Promise<string> {
    const silence = new AbortController();
    let timer = setTimeout(() => silence.abort(), SILENCE_MS);
    try {
      const { ok, status, body } = await fetch(`${url}/live`, { signal: AbortSignal.any([this.#signal, silence.signal]) });
      if (!ok || body === null) return `It answers its live view with ${status}.`;
      for await (const message of wholeMessages(body)) {
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), SILENCE_MS);
        await this.#write(message);
      }
      return 'It ended its live view: it is stopping.';
    } catch (error) {
      return silence.signal.aborted ? `It has said nothing for ${SILENCE_MS / 1_000} s.` : `It does not answer (${causeOf(error)}).`;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Waits while the client does not read, so that nothing piles up here and the service makes no frames for it. */
  async #write(text: string): Promise<void> {
    if (this.#signal.aborted || this.#response.write(text)) return;
    await once(this.#response, 'drain', { signal: this.#signal }).catch(() => undefined); // the client went instead
  }
}

/** The messages of an event stream, each with its blank line, however the bytes were cut. */
export async function* wholeMessages(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    for (let end = rest.indexOf('\n\n'); end !== -1; end = rest.indexOf('\n\n')) {
      yield rest.slice(0, end + 2);
      rest = rest.slice(end + 2);
    }
    if (rest.length > MOST_CHARACTERS) throw new Error('its live view is no stream of frames');
  }
}

function causeOf(error: unknown): string {
  const { cause = error } = error as { cause?: unknown };
  return cause instanceof Error ? cause.message : String(cause);
}

function tooMany(): DomainError {
  return new DomainError('unavailable', `The live view is open ${MOST_CLIENTS} times already. Close some of its windows.`);
}
