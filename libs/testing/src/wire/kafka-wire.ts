import { Frames, lengthAt, type Wire } from './wire.ts';

/** https://kafka.apache.org/protocol#protocol_api_keys: those that tests ask for. */
const NAMES: Readonly<Record<number, string>> = {
  0: 'Produce',
  1: 'Fetch',
  2: 'ListOffsets',
  3: 'Metadata',
  8: 'OffsetCommit',
  10: 'FindCoordinator',
  18: 'ApiVersions',
  22: 'InitProducerId',
};
/** Answers that tell addresses of brokers. */
const TELL_ADDRESSES = new Set(['Metadata', 'FindCoordinator']);
const KEY_AT = 4;
const REQUEST_ID_AT = 8;
const ANSWER_ID_AT = 4;

export interface Address {
  readonly hostname: string;
  readonly port: number;
}

/**
 * Kafka's protocol: requests by their name, answers by that of their request. Brokers tell clients where to connect to: `broker` is
 * replaced by `proxy` there, so that clients stay behind the proxy. Both hosts have names of the same length.
 */
export function kafkaWire(broker: Address, proxy: Address): Wire {
  const requests = new Frames(lengthAt(0, 4));
  const answers = new Frames(lengthAt(0, 4));
  const asked = new Map<number, string>();
  const [told, instead] = [encode(broker), encode(proxy)];
  return {
    client: (piece) =>
      requests.push(piece).map((bytes) => {
        const name = NAMES[bytes.readInt16BE(KEY_AT)] ?? '';
        asked.set(bytes.readInt32BE(REQUEST_ID_AT), name);
        return { side: 'client', name, bytes };
      }),
    server: (piece) =>
      answers.push(piece).map((bytes) => {
        const id = bytes.readInt32BE(ANSWER_ID_AT);
        const name = asked.get(id) ?? '';
        asked.delete(id);
        return { side: 'server', name, bytes: TELL_ADDRESSES.has(name) ? replaceAll(bytes, told, instead) : bytes };
      }),
  };
}

/** As it stands in answers: the host's name, and behind it the port. */
function encode({ hostname, port }: Address): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(port);
  return Buffer.concat([Buffer.from(hostname), bytes]);
}

function replaceAll(bytes: Buffer, found: Buffer, by: Buffer): Buffer {
  const replaced = Buffer.from(bytes);
  for (let at = replaced.indexOf(found); at >= 0; at = replaced.indexOf(found, at + found.length)) by.copy(replaced, at);
  return replaced;
}
