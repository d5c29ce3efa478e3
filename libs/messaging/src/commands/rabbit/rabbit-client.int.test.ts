import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { methodFrame } from './door-lab.ts';
import { connectRabbit } from './rabbit-client.ts';
import { parseRabbitUrl } from './rabbit-url.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Answers the handshake of AMQP as a broker of this name and version does; old ones cannot be had any more. */
async function startBroker(product: string, version: string): Promise<string> {
  const properties = Buffer.concat([field('product', product), field('version', version)]);
  const start = Buffer.concat([Buffer.from([0, 9]), sized(properties), sized(Buffer.from('PLAIN')), sized(Buffer.from('en_US'))]);
  const tune = Buffer.from([0, 0, 0, 2, 0, 0, 0, 0]); // any number of channels, frames of 128 KB, no heartbeat
  const answers = [
    methodFrame(0, [10, 10], start),
    methodFrame(0, [10, 30], tune),
    methodFrame(0, [10, 41], Buffer.from([0])),
    methodFrame(0, [10, 51], Buffer.alloc(0)),
  ];
  const server = createServer((socket) => {
    const left = [...answers];
    socket.on('error', () => undefined).on('data', () => socket.write(left.shift() ?? Buffer.alloc(0)));
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `amqp://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function sized(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

const field = (name: string, text: string): Buffer =>
  Buffer.concat([Buffer.from([name.length]), Buffer.from(name), Buffer.from('S'), sized(Buffer.from(text))]);

describe('connecting to RabbitMQ', () => {
  it('refuses one that is too old, and what is no RabbitMQ, with the remedy', async () => {
    const connecting = async (product: string, version: string): Promise<unknown> =>
      connectRabbit(parseRabbitUrl(await startBroker(product, version)), 'test');
    await expect(connecting('RabbitMQ', '3.9.29')).rejects.toThrow(
      /is RabbitMQ 3.9.29, whose quorum queues know no delays. Upgrade it to 3.10/,
    );
    await expect(connecting('LavinMQ', '2.0.0')).rejects.toThrow(/is LavinMQ and no RabbitMQ: quorum queues are needed/);
  });

  it('goes on to the next node when one is away, and says that it passes when all are', async () => {
    const here = await startBroker('RabbitMQ', '3.9.0');
    const both = parseRabbitUrl(`amqp://127.0.0.1:9,${new URL(here).host}`);
    await expect(connectRabbit(both, 'test')).rejects.toThrow('is RabbitMQ 3.9.0');
    const away = connectRabbit(parseRabbitUrl('amqp://127.0.0.1:9'), 'test');
    await expect(away).rejects.toMatchObject({ name: 'LostConnection', server: 'RabbitMQ', outcome: 'not applied' });
  });

  it('takes one that speaks something else for a wrong port', async () => {
    const server = createServer((socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await expect(connectRabbit(parseRabbitUrl(`amqp://127.0.0.1:${port}`), 'test')).rejects.toThrow('cannot be spoken to');
  });
});
