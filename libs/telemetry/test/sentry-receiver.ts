import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';

/** An issue as it came over the wire; the fields that tests look at. */
export interface ReceivedIssue {
  readonly event_id: string;
  readonly level: string;
  readonly message: string;
  readonly fingerprint: readonly string[];
  readonly release?: string;
  readonly environment?: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly contexts: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly exception?: { readonly values: readonly ReceivedException[] };
}

export interface ReceivedException {
  readonly type: string;
  readonly value: string;
  readonly mechanism: Readonly<Record<string, unknown>>;
  readonly stacktrace?: { readonly frames: readonly { readonly filename?: string; readonly function?: string }[] };
}

export interface ReceivedEnvelope {
  readonly header: Readonly<Record<string, unknown>>;
  readonly items: readonly { readonly type: string; readonly payload: unknown }[];
}

/** An HTTP server on the loopback that takes envelopes as Sentry does, and keeps them. */
export interface SentryReceiver {
  readonly dsn: string;
  readonly issues: readonly ReceivedIssue[];
  readonly envelopes: readonly ReceivedEnvelope[];
  /** Requests that have come, answered or not. */
  readonly requests: () => number;
  /** Everything that came in, with the requests' lines and headers: for what must not be in it. */
  readonly text: () => string;
  /** What is answered from now on: a status, nothing at all, or a beginning without an end. */
  answer(how: number | 'nothing' | 'half'): void;
  stop(): Promise<void>;
}

const PROJECT = '4711';
const KEY = 'testkey';

/** `port`: 0 for a free one. */
export async function startSentryReceiver(port = 0): Promise<SentryReceiver> {
  const received = { issues: [] as ReceivedIssue[], envelopes: [] as ReceivedEnvelope[], texts: [] as string[], requests: 0 };
  let how: number | 'nothing' | 'half' = 200;
  const server = createServer((request, response) => {
    received.requests += 1;
    receive(request, received).then(
      () => answer(response, how),
      (error: unknown) => void response.writeHead(400).end(String(error)),
    );
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    dsn: `http://${KEY}@127.0.0.1:${(server.address() as AddressInfo).port}/${PROJECT}`,
    issues: received.issues,
    envelopes: received.envelopes,
    requests: () => received.requests,
    text: () => received.texts.join('\n'),
    answer: (next) => (how = next),
    stop: () => stop(server),
  };
}

interface Received {
  readonly issues: ReceivedIssue[];
  readonly envelopes: ReceivedEnvelope[];
  readonly texts: string[];
}

async function receive(request: IncomingMessage, { issues, envelopes, texts }: Received): Promise<void> {
  const url = new URL(request.url ?? '', 'http://receiver');
  if (request.method !== 'POST' || url.pathname !== `/api/${PROJECT}/envelope/`) throw new Error(`${request.url} is no address of Sentry.`);
  if (url.searchParams.get('sentry_key') !== KEY) throw new Error('The key of the DSN is missing.');
  const body = await buffer(request);
  const bytes = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
  texts.push(`${request.url}\n${request.rawHeaders.join('\n')}\n${bytes.toString()}`);
  const envelope = parseEnvelope(bytes);
  envelopes.push(envelope);
  for (const { type, payload } of envelope.items) if (type === 'event') issues.push(payload as ReceivedIssue);
}

/** Lines of JSON: the envelope's header, then a header and a payload for each item. A payload with a length may hold line ends. */
function parseEnvelope(bytes: Buffer): ReceivedEnvelope {
  let rest = bytes;
  const take = (length = rest.indexOf('\n')): string => {
    const end = length < 0 ? rest.length : length;
    const part = rest.subarray(0, end).toString();
    rest = rest.subarray(end + 1);
    return part;
  };
  const header = JSON.parse(take()) as Record<string, unknown>;
  const items: ReceivedEnvelope['items'][number][] = [];
  while (rest.length > 0) {
    const item = JSON.parse(take()) as { type: string; length?: number };
    items.push({ type: item.type, payload: JSON.parse(take(item.length)) as unknown });
  }
  return { header, items };
}

function answer(response: ServerResponse, how: number | 'nothing' | 'half'): void {
  if (how === 'nothing') return;
  if (how === 'half') return void response.writeHead(200, { 'content-length': '100' }).write('{');
  response.writeHead(how, { 'content-type': 'application/json', ...(how === 429 && { 'retry-after': '60' }) }).end('{}');
}

async function stop(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
