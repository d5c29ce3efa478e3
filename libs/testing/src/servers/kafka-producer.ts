/** Somebody else with a Kafka client of their own, who writes what they like. */
import { quietRequestQueue } from '@roofshot/messaging/quiet-kafkajs';
import kafkajs, { type Producer } from 'kafkajs';

export interface ForeignRecord {
  readonly key?: string;
  /** Null: none. */
  readonly value: string | Buffer | null;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default 0, so that records have an order. */
  readonly partition?: number;
}

const LZ4 = kafkajs.CompressionTypes.LZ4;
/** An LZ4 frame (version 1, independent blocks of 64 KiB at most) of blocks that are kept as they are: all that a decompressor asks. */
const FRAME_HEAD = Buffer.from('04224d18604082', 'hex');
const BLOCK_BYTES = 65_536;
const AS_IT_IS = 0x8000_0000;

function lz4Frame(bytes: Buffer): Buffer {
  const parts: Buffer[] = [FRAME_HEAD];
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    const block = bytes.subarray(at, at + BLOCK_BYTES);
    const head = Buffer.alloc(4);
    head.writeUInt32LE(AS_IT_IS + block.length);
    parts.push(head, block);
  }
  return Buffer.concat([...parts, Buffer.alloc(4)]);
}

export class KafkaProducer {
  readonly #producer: Producer;

  private constructor(producer: Producer) {
    this.#producer = producer;
  }

  /** `url`: of the broker, as in EVENTS_URL. */
  static async connect(url: string): Promise<KafkaProducer> {
    quietRequestQueue();
    kafkajs.CompressionCodecs[LZ4] = () => ({
      compress: ({ buffer }: { buffer: Buffer }) => Promise.resolve(lz4Frame(buffer)),
      decompress: () => Promise.reject(new Error('Nothing is read here.')),
    });
    const kafka = new kafkajs.Kafka({ clientId: 'somebody-else', brokers: [new URL(url).host], logLevel: kafkajs.logLevel.NOTHING });
    const producer = kafka.producer();
    await producer.connect();
    return new KafkaProducer(producer);
  }

  /** In their order. */
  async write(topic: string, records: readonly ForeignRecord[], compression?: 'gzip' | 'lz4'): Promise<void> {
    const types = { gzip: kafkajs.CompressionTypes.GZIP, lz4: LZ4 };
    const messages = records.map(({ headers, ...record }) => ({
      partition: 0,
      ...record,
      ...(headers !== undefined && { headers: { ...headers } }),
    }));
    await this.#producer.send({ topic, messages, ...(compression !== undefined && { compression: types[compression] }) });
  }

  close(): Promise<void> {
    return this.#producer.disconnect();
  }
}
