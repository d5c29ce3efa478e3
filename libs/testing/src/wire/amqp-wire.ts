import { Frames, type Wire } from './wire.ts';

/** The client's first bytes, before any frame: "AMQP" and the version. */
const GREETING = 8;
const GREETING_BEGINS = 'A'.charCodeAt(0);
const SIZE_AT = 3;
/** Type, channel and size before a frame's content, the end mark behind it. */
const AROUND = 8;
const METHOD = 1;
const CLASS_AT = 7;

/** Class and method: https://www.rabbitmq.com/amqp-0-9-1-quickref */
const NAMES: Readonly<Record<string, string>> = {
  '60.40': 'basic.publish',
  '60.60': 'basic.deliver',
  '60.80': 'basic.ack',
  '60.120': 'basic.nack',
};

/** AMQP 0-9-1: an acknowledgement from the client settles a delivery, one from the server confirms what was published. */
export function amqpWire(): Wire {
  const client = new Frames(lengthOf);
  const server = new Frames(lengthOf);
  return {
    client: (piece) => client.push(piece).map((bytes) => ({ side: 'client', name: nameOf(bytes), bytes })),
    server: (piece) => server.push(piece).map((bytes) => ({ side: 'server', name: nameOf(bytes), bytes })),
  };
}

function lengthOf(bytes: Buffer): number | undefined {
  if (bytes[0] === GREETING_BEGINS) return GREETING;
  return bytes.length < SIZE_AT + 4 ? undefined : bytes.readUInt32BE(SIZE_AT) + AROUND;
}

function nameOf(bytes: Buffer): string {
  if (bytes[0] !== METHOD) return '';
  return NAMES[`${bytes.readUInt16BE(CLASS_AT)}.${bytes.readUInt16BE(CLASS_AT + 2)}`] ?? '';
}
