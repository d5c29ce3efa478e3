import { amqpWire } from './amqp-wire.ts';
import { kafkaWire } from './kafka-wire.ts';
import { postgresWire } from './postgres-wire.ts';
import type { Wire, WireMessage } from './wire.ts';

/** Byte by byte, so that each cut is tried. */
function told(wire: Wire, side: WireMessage['side'], bytes: Buffer): WireMessage[] {
  return [...bytes].flatMap((byte) => wire[side](Buffer.from([byte])));
}

const namesOf = (messages: readonly WireMessage[]): string[] => messages.map(({ name }) => name);
const bytesOf = (messages: readonly WireMessage[]): Buffer => Buffer.concat(messages.map(({ bytes }) => bytes));

describe('what Kafka says', () => {
  const broker = { hostname: '127.0.0.1', port: 21_000 };
  const proxy = { hostname: '127.0.0.1', port: 22_000 };
  const framed = (content: Buffer): Buffer => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(content.length);
    return Buffer.concat([length, content]);
  };
  const request = (key: number, id: number): Buffer => {
    const content = Buffer.alloc(12);
    content.writeInt16BE(key, 0);
    content.writeInt32BE(id, 4);
    return framed(content);
  };
  const answer = (id: number, port: number): Buffer => {
    const content = Buffer.alloc(21);
    content.writeInt32BE(id, 0);
    content.write('127.0.0.1', 4);
    content.writeInt32BE(port, 13);
    return framed(content);
  };

  it('goes by the name of the request, however it is cut', () => {
    const wire = kafkaWire(broker, proxy);
    expect(namesOf(told(wire, 'client', Buffer.concat([request(0, 7), request(1, 8), request(42, 9)])))).toEqual(['Produce', 'Fetch', '']);
    expect(namesOf(told(wire, 'server', Buffer.concat([answer(8, 1), answer(7, 1)])))).toEqual(['Fetch', 'Produce']);
  });

  it('leads clients to the proxy where it tells addresses, and nowhere else', () => {
    const wire = kafkaWire(broker, proxy);
    told(wire, 'client', Buffer.concat([request(3, 1), request(1, 2)]));
    expect(bytesOf(told(wire, 'server', answer(1, broker.port)))).toEqual(answer(1, proxy.port));
    expect(bytesOf(told(wire, 'server', answer(2, broker.port)))).toEqual(answer(2, broker.port));
  });
});

describe('what PostgreSQL says', () => {
  const typed = (type: string, text: string): Buffer => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(text.length + 4);
    return Buffer.concat([Buffer.from(type), length, Buffer.from(text)]);
  };

  it('goes by the first word of the statement, asked for and done, and passes unchanged', () => {
    const wire = postgresWire();
    const greeting = typed('', 'user\0Q-named\0');
    const asked = Buffer.concat([greeting, typed('Q', 'COMMIT\0'), typed('P', 's1\0 insert INTO t\0\0\0'), typed('X', '')]);
    const messages = told(wire, 'client', asked);
    expect(namesOf(messages)).toEqual(['', 'COMMIT', 'INSERT', '']);
    expect(bytesOf(messages)).toEqual(asked);
    expect(namesOf(told(wire, 'server', Buffer.concat([typed('R', 'okay'), typed('C', 'COMMIT\0'), typed('C', 'ROLLBACK\0')])))).toEqual([
      '',
      'COMMIT',
      'ROLLBACK',
    ]);
  });
});

describe('what RabbitMQ says', () => {
  const frame = (type: number, content: readonly number[]): Buffer => Buffer.from([type, 0, 1, 0, 0, 0, content.length, ...content, 0xce]);

  it('goes by class and method, behind the greeting', () => {
    const wire = amqpWire();
    const greeting = Buffer.from([...Buffer.from('AMQP'), 0, 0, 9, 1]);
    const asked = Buffer.concat([
      greeting,
      frame(1, [0, 60, 0, 40, 9]),
      frame(3, [0, 60, 0, 80]),
      frame(1, [0, 60, 0, 80, 0]),
      frame(8, []),
    ]);
    const messages = told(wire, 'client', asked);
    expect(namesOf(messages)).toEqual(['', 'basic.publish', '', 'basic.ack', '']);
    expect(bytesOf(messages)).toEqual(asked);
    expect(namesOf(told(wire, 'server', frame(1, [0, 60, 0, 80, 0])))).toEqual(['basic.ack']);
  });
});
