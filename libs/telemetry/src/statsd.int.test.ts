import { createSocket } from 'node:dgram';
import { eventually } from '@roofshot/testing/eventually';
import { runWith } from './context.ts';
import { anyService, counter, defineMetrics, gauge, snapshot, timing } from './define-metrics.ts';
import { connectStatsd, type StatsdConnection } from './statsd.ts';
import { freePort, startStatsdServer, type StatsdServer } from '../test/statsd-server.ts';

const metrics = defineMetrics('ingestion', {
  'events.accepted': counter('Events accepted.', ['type', 'outcome']),
  'requests.started': counter('Requests.'),
  'partition.lag': gauge('Lag.', ['topic']),
  'batch.ms': timing('A batch.', ['outcome']),
});

const shared = defineMetrics(anyService, { 'messages.handled': counter('Messages.') });

let server: StatsdServer;
let statsd: StatsdConnection | undefined;

beforeEach(async () => {
  server = await startStatsdServer();
});

afterEach(async () => {
  await statsd?.close();
  await server.stop();
});

function connectWith(query: string): StatsdConnection {
  statsd = connectStatsd({ url: `udp://127.0.0.1:${server.port}${query}`, flushMs: 20 });
  return statsd;
}

it('a real StatsD server shows counters, gauges and timings under their names and tags', async () => {
  connectWith('');
  metrics['events.accepted'](2, { type: 'flight.departed', outcome: 'accepted' });
  metrics['events.accepted'](3, { type: 'flight.departed', outcome: 'accepted' });
  metrics['events.accepted'](1, { type: 'flight.landed', outcome: 'accepted' });
  metrics['requests.started']();
  metrics['partition.lag'](7, { topic: 'events.flight.departed' });
  metrics['partition.lag'](4, { topic: 'events.flight.departed' });
  metrics['batch.ms'](12.5, { outcome: 'done' });
  metrics['batch.ms'](30, { outcome: 'done' });
  await eventually(async () => {
    expect(await server.counters()).toMatchObject({
      'roofshot.ingestion.events.accepted;type=flight.departed;outcome=accepted': 5,
      'roofshot.ingestion.events.accepted;type=flight.landed;outcome=accepted': 1,
      'roofshot.ingestion.requests.started': 1,
      'statsd.bad_lines_seen': 0,
    });
    expect(await server.gauges()).toMatchObject({ 'roofshot.ingestion.partition.lag;topic=events.flight.departed': 4 });
    expect(await server.timers()).toMatchObject({ 'roofshot.ingestion.batch.ms;outcome=done': [12.5, 30] });
  });
});

it('a negative gauge arrives as that value, also after another one', async () => {
  const name = 'roofshot.ingestion.partition.lag;topic=a';
  connectWith('');
  for (const value of [-5, 12, -7]) {
    metrics['partition.lag'](value, { topic: 'a' });
    await eventually(async () => expect((await server.gauges())[name]).toBe(value));
  }
});

it('tags=name puts the values into the name, for servers without tags', async () => {
  connectWith('?tags=name');
  metrics['events.accepted'](4, { type: 'flight.departed', outcome: 'accepted' });
  metrics['partition.lag'](1, { topic: 'a' });
  await eventually(async () => {
    expect(await server.counters()).toMatchObject({ 'roofshot.ingestion.events.accepted.flight_departed.accepted': 4 });
    expect(await server.gauges()).toMatchObject({ 'roofshot.ingestion.partition.lag.a': 1 });
  });
});

it('tags=none sums over the tags', async () => {
  connectWith('?tags=none');
  metrics['events.accepted'](4, { type: 'flight.departed', outcome: 'accepted' });
  metrics['events.accepted'](2, { type: 'flight.landed', outcome: 'accepted' });
  await eventually(async () => expect(await server.counters()).toMatchObject({ 'roofshot.ingestion.events.accepted': 6 }));
});

it('services that share a process are counted under their own names', async () => {
  connectWith('');
  runWith({ service: 'features' }, () => shared['messages.handled'](2));
  runWith({ service: 'serving' }, () => shared['messages.handled'](3));
  await eventually(async () =>
    expect(await server.counters()).toMatchObject({ 'roofshot.features.messages.handled': 2, 'roofshot.serving.messages.handled': 3 }),
  );
});

it('close sends what is still gathered, and nothing is sent after it', async () => {
  const connection = connectStatsd({ url: `udp://127.0.0.1:${server.port}`, flushMs: 60_000 });
  metrics['requests.started'](3);
  metrics['batch.ms'](5, { outcome: 'closing' });
  await connection.close();
  metrics['requests.started'](10);
  await eventually(async () => {
    expect(await server.counters()).toMatchObject({ 'roofshot.ingestion.requests.started': 3 });
    expect(await server.timers()).toMatchObject({ 'roofshot.ingestion.batch.ms;outcome=closing': [5] });
  });
  expect(connection.errors()).toBe(0);
});

it('two thousand timings all arrive, in packets that hold many', async () => {
  connectWith('');
  for (let i = 0; i < 2000; i++) metrics['batch.ms'](i, { outcome: 'many' });
  await statsd?.close();
  await eventually(async () => {
    const counters = await server.counters();
    expect(counters['statsd.metrics_received']).toBe(2000);
    expect(counters['statsd.packets_received']).toBeLessThan(2000 / 20);
  });
});

it('no packet is larger than 1,432 bytes', async () => {
  const receiver = createSocket('udp4');
  const sizes: number[] = [];
  let lines = 0;
  receiver.on('message', (packet) => {
    sizes.push(packet.length);
    lines += packet.toString().split('\n').length;
  });
  const port = await freePort();
  await new Promise<void>((resolve) => receiver.bind(port, '127.0.0.1', resolve));
  statsd = connectStatsd({ url: `udp://127.0.0.1:${port}` });
  for (let i = 0; i < 500; i++) metrics['batch.ms'](i, { outcome: `outcome-${i % 10}` });
  await statsd.close();
  await eventually(() => expect(lines).toBe(500));
  receiver.close();
  expect(Math.max(...sizes)).toBeLessThanOrEqual(1432);
  expect(Math.max(...sizes)).toBeGreaterThan(1000);
});

it('errors of the socket are counted and disturb nobody, also while closing', async () => {
  // A socket that has not asked for it may not send to the broadcast address: the system refuses each packet.
  statsd = connectStatsd({ url: 'udp://255.255.255.255:20001', flushMs: 10 });
  const connection = statsd;
  metrics['requests.started']();
  await eventually(() => expect(connection.errors()).toBeGreaterThan(0));
  const total = (): number | undefined => snapshot().find(({ name }) => name === 'roofshot.process.statsd.errors')?.total;
  expect(total()).toBe(connection.errors());
  metrics['requests.started']();
  await connection.close();
  await connection.close();
});

it('a server that is not there costs nothing but the packets', async () => {
  await server.stop();
  const connection = connectWith('');
  metrics['requests.started']();
  await connection.close();
  expect(connection.errors()).toBe(0);
});

it('without STATSD_URL nothing is sent, and a wrong one stops the start', async () => {
  const off = connectStatsd({ url: '' });
  metrics['requests.started']();
  await off.close();
  expect(off.errors()).toBe(0);
  expect(() => connectStatsd({ url: 'statsd:8125' })).toThrow('Write udp://host:8125');
});
