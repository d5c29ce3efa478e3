import { once } from 'node:events';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { createServer, request as httpRequest, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Problem } from '@roofshot/contracts/http/common';
import { eventually } from '@roofshot/testing/eventually';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import { startGateway, type Gateway } from './gateway.ts';

interface Upstream {
  readonly server: Server;
  readonly url: string;
  /** Whose answer has been given up. */
  readonly abandoned: string[];
}

let upstream: Upstream;
let folder: TempDir;
let gateway: Gateway;
const state = { ready: true, troubles: ['The log is away.'] };

async function startUpstream(): Promise<Upstream> {
  const abandoned: string[] = [];
  const answer: RequestListener = (request, response) => {
    response.once('close', () => response.writableFinished || abandoned.push(request.url ?? ''));
    if (request.url === '/healthz') response.end(JSON.stringify({ healthy: state.ready }));
    else if (request.url === '/readyz')
      response
        .writeHead(state.ready ? 200 : 503)
        .end(JSON.stringify({ ready: state.ready, waitsFor: state.ready ? [] : ['events'], troubles: state.troubles, lag: 7 }));
    else if (request.url === '/v1/slow/stream') response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
    else if (request.url === '/v1/slow/broken')
      response.writeHead(200, { 'content-length': '100' }).write('half', () => response.destroy());
    else if (request.url === '/v1/slow/early') response.writeHead(413).end('too large');
    else
      void text(request).then((body) =>
        response
          .writeHead(201, { 'x-mine': 'yes', 'set-cookie': ['a=1', 'b=2'] })
          .end(JSON.stringify({ url: request.url, method: request.method, headers: request.headers, body })),
      );
  };
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, abandoned };
}

beforeAll(async () => {
  folder = await tempDir('gateway');
  await mkdir(join(folder.path, 'site', 'assets'), { recursive: true });
  await writeFile(join(folder.path, 'secret.txt'), 'secret');
  await writeFile(join(folder.path, 'site', 'index.html'), '<h1>console</h1>');
  await writeFile(join(folder.path, 'site', 'assets', 'app.js'), 'let x;');
  await symlink(join(folder.path, 'secret.txt'), join(folder.path, 'site', 'leak.txt'));
  upstream = await startUpstream();
  const services = [
    { name: 'wide', url: upstream.url, prefixes: ['/v1/things'] },
    { name: 'narrow', url: 'http://127.0.0.1:9', prefixes: ['/v1/things/closed'] },
    { name: 'slow', url: upstream.url, prefixes: ['/v1/slow'] },
  ];
  gateway = await startGateway({ host: '127.0.0.1', port: 0, portKey: 'GATEWAY_PORT', services, staticDir: join(folder.path, 'site') });
});
afterAll(async () => {
  await gateway.stop();
  upstream.server.closeAllConnections();
  upstream.server.close();
  await folder.remove();
});

const problem = async (response: Response): Promise<Problem & { prefixes?: string[] }> =>
  (await response.json()) as Problem & { prefixes?: string[] };

/** With the path as it is, which `fetch` would tidy up. */
async function getRaw(path: string): Promise<IncomingMessage> {
  const request = httpRequest(gateway.url, { path, agent: false }).end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response;
}

describe('the gateway', () => {
  test('passes method, path, query, headers and body on, and status, headers and body back', async () => {
    const response = await fetch(`${gateway.url}/v1/things/a%20b?x=1&x=2`, {
      method: 'PUT',
      body: 'content',
      headers: { 'x-correlation-id': 'c-9', 'content-type': 'text/plain' },
    });
    expect(response.status).toBe(201);
    expect(response.headers.get('x-mine')).toBe('yes');
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    const seen = (await response.json()) as { url: string; method: string; body: string; headers: Record<string, string> };
    expect(seen).toMatchObject({ url: '/v1/things/a%20b?x=1&x=2', method: 'PUT', body: 'content' });
    expect(seen.headers).toMatchObject({ 'x-correlation-id': 'c-9', 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http' });
    expect(seen.headers['x-forwarded-host']).toBe(new URL(gateway.url).host);
  });

  test('a service of the same process is handed the request itself: no second connection, and it sees the client go', async () => {
    const services = [{ name: 'near', url: 'http://127.0.0.1:9', prefixes: ['/v1'], server: upstream.server }];
    const near = await startGateway({ host: '127.0.0.1', port: 0, portKey: 'GATEWAY_PORT', services });
    const response = await fetch(`${near.url}/v1/things/a?x=1`, { method: 'POST', body: 'content' });
    expect([response.status, response.headers.getSetCookie()]).toEqual([201, ['a=1', 'b=2']]);
    const seen = (await response.json()) as { url: string; body: string; headers: Record<string, string> };
    expect(seen).toMatchObject({ url: '/v1/things/a?x=1', body: 'content', headers: { host: new URL(near.url).host } });
    const client = new AbortController();
    const held = await fetch(`${near.url}/v1/slow/stream`, { signal: client.signal });
    const before = upstream.abandoned.length;
    client.abort();
    await eventually(() => upstream.abandoned.length === before + 1);
    expect(held.status).toBe(200);
    await near.stop();
  });

  test('the longest prefix wins, and a service that does not answer is named', async () => {
    const response = await fetch(`${gateway.url}/v1/things/closed/x`);
    expect(response.status).toBe(503);
    expect(await problem(response)).toMatchObject({
      code: 'unavailable',
      detail: expect.stringContaining('The service narrow does not answer at http://127.0.0.1:9'),
    });
  });

  test('an unknown path names the known ones', async () => {
    const response = await fetch(`${gateway.url}/v1/thing`, { headers: { 'x-correlation-id': 'c-1' } });
    expect(response.status).toBe(404);
    expect(await problem(response)).toMatchObject({
      code: 'not-found',
      correlationId: 'c-1',
      prefixes: ['/v1/slow', '/v1/things', '/v1/things/closed'],
    });
  });

  test('streams pass as they come, and end upstream when the client goes', async () => {
    const client = new AbortController();
    const response = await fetch(`${gateway.url}/v1/slow/stream`, { signal: client.signal });
    const { value } = (await response.body?.getReader().read()) ?? {};
    expect(Buffer.from(value ?? []).toString()).toBe('data: 1\n\n');
    client.abort();
    await eventually(() => upstream.abandoned.includes('/v1/slow/stream'));
  });

  test('an answer that breaks off is not taken for a whole one', async () => {
    const response = await fetch(`${gateway.url}/v1/slow/broken`);
    await expect(response.text()).rejects.toThrow('terminated');
  });

  test('an answer that comes before the whole body was read is passed back', async () => {
    const response = await fetch(`${gateway.url}/v1/slow/early`, { method: 'POST', body: 'x'.repeat(200_000) });
    expect([response.status, await response.text()]).toEqual([413, 'too large']);
  });

  test('tells the health and readiness of all, each with what it waits for', async () => {
    const ready = await fetch(`${gateway.url}/status`);
    expect(ready.status).toBe(200);
    const { services } = (await ready.json()) as { services: { name: string; ready: boolean; lag: number | null; waitsFor: string[] }[] };
    expect(services[0]).toEqual({ name: 'wide', ready: true, waitsFor: [], troubles: ['The log is away.'], lag: 7 });
    expect(services[1]).toMatchObject({ name: 'narrow', ready: false, lag: null });
    expect((await fetch(`${gateway.url}/readyz`)).status).toBe(503);
    expect((await fetch(`${gateway.url}/healthz`)).status).toBe(503);
  });

  test('/docs leads to the page of each service', async () => {
    const response = await fetch(`${gateway.url}/docs`);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    const html = await response.text();
    expect(html).toContain(`<a href="${upstream.url}/docs">wide</a>`);
    expect(html).toContain('<code>/v1/things/closed</code>');
  });

  test('serves the files of its folder, and nothing outside of it', async () => {
    const index = await fetch(`${gateway.url}/`);
    expect([await index.text(), index.headers.get('content-type'), index.headers.get('cache-control')]).toEqual([
      '<h1>console</h1>',
      'text/html; charset=utf-8',
      'no-cache',
    ]);
    const script = await fetch(`${gateway.url}/assets/app.js`, { method: 'HEAD' });
    expect([script.status, script.headers.get('content-length'), script.headers.get('cache-control')]).toEqual([
      200,
      '6',
      'public, max-age=31536000, immutable',
    ]);
    for (const path of ['/../secret.txt', '/%2e%2e/secret.txt', '/leak.txt', '/assets', '/%00', '/%zz']) {
      const response = await getRaw(path);
      expect([path, response.statusCode]).toEqual([path, 404]);
      response.resume();
    }
  });

  test('a port in use is a sentence that names its key', async () => {
    const port = Number(new URL(gateway.url).port);
    await expect(startGateway({ host: '127.0.0.1', port, portKey: 'GATEWAY_PORT', services: [] })).rejects.toThrow(
      /the port is in use by .*GATEWAY_PORT/,
    );
  });

  test('ready when every service is', async () => {
    const services = [{ name: 'wide', url: upstream.url, prefixes: ['/v1'] }];
    const other = await startGateway({ host: '127.0.0.1', port: 0, portKey: 'GATEWAY_PORT', services });
    expect((await fetch(`${other.url}/readyz`)).status).toBe(200);
    expect((await fetch(`${other.url}/healthz`)).status).toBe(200);
    state.ready = false;
    const waiting = await fetch(`${other.url}/readyz`);
    state.ready = true;
    expect([waiting.status, await waiting.json()]).toEqual([
      503,
      { ready: false, services: [{ name: 'wide', ready: false, waitsFor: ['events'], troubles: ['The log is away.'], lag: 7 }] },
    ]);
    await other.stop();
  });
});
