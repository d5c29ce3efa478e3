import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FlightEvent } from '../data/events.ts';
import { Api } from './api.ts';
import { Replay } from './replay.ts';

let server: Server;
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** A platform's door of which only the answers matter here. */
async function startDoor(answer: RequestListener): Promise<Api> {
  server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return new Api(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

async function* someEvents(count: number): AsyncGenerator<FlightEvent> {
  for (let index = 0; index < count; index += 1) {
    const time = new Date(Date.UTC(2001, 0, 1) + index * 1000).toISOString();
    const data = { flight: `f${index}`, origin: 'ORD', destination: 'LAX', distance: 1745, delay: 3 };
    yield {
      specversion: '1.0',
      id: `f${index}#landed`,
      source: '/test',
      type: 'flight.landed',
      subject: data.flight,
      time,
      knowntime: time,
      data,
    };
  }
}

describe('a replay whose platform ends', () => {
  it('fails with one error that can be caught, whatever else was under way', async () => {
    const unheard: unknown[] = [];
    const hear = (reason: unknown): void => void unheard.push(reason);
    process.on('unhandledRejection', hear);
    try {
      const api = await startDoor((request) => request.socket.destroy());
      const replay = new Replay(api, someEvents(5_000));
      await expect(replay.sendUntil('2001-01-02T00:00:00Z')).rejects.toThrow(/Nothing answers at http/);
      await new Promise((turn) => setImmediate(turn));
      expect(unheard).toEqual([]);
    } finally {
      process.off('unhandledRejection', hear);
    }
  });
});

describe('a replay', () => {
  it('sends everything before the time, then says so', async () => {
    const said: (string | undefined)[] = [];
    const api = await startDoor((request, response) => {
      const isEvents = request.url === '/v1/events';
      if (isEvents) said.push(request.headers['roofshot-progress'] as string | undefined);
      request.resume().on('end', () => {
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(isEvents ? { accepted: 1000, duplicate: 0, late: 0, quarantined: 0 } : { reached: true }));
      });
    });
    const replay = new Replay(api, someEvents(5_000));
    await replay.sendUntil('2001-01-01T00:50:00Z');
    expect(replay.totals.events).toBe(3_000);
    expect(said).toEqual([undefined, undefined, undefined, '2001-01-01T00:50:00Z']);
  });
});
