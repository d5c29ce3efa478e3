import { ByteWriter } from './byte-writer.ts';
import { crc32c } from './crc32c.ts';

/** What kafkajs' producer hands to a broker. */
export interface ProduceWish {
  readonly acks: number;
  /** Milliseconds. */
  readonly timeout: number;
  /** 64 bits; its text is decimal. */
  readonly producerId: { toString(): string };
  readonly producerEpoch: number;
  readonly topicData: readonly {
    readonly topic: string;
    readonly partitions: readonly PartitionWish[];
  }[];
}

interface PartitionWish {
  readonly partition: number;
  readonly firstSequence: number;
  readonly messages: readonly WireMessage[];
}

interface WireMessage {
  readonly key: string;
  readonly value: string;
  readonly headers: Readonly<Record<string, string>>;
}

const NULL = -1;
const MAGIC = 2;

/** Produce request, version 7, uncompressed and outside transactions: https://kafka.apache.org/protocol#The_Messages_Produce. `now`: epoch milliseconds. */
export function encodeProduceRequest({ acks, timeout, producerId, producerEpoch, topicData }: ProduceWish, now: number): Buffer {
  const writer = new ByteWriter();
  const producer = { id: BigInt(producerId.toString()), epoch: producerEpoch, now: BigInt(now) };
  writer.int16(NULL); // transactional id
  writer.int16(acks);
  writer.int32(timeout);
  writer.int32(topicData.length);
  for (const { topic, partitions } of topicData) {
    writer.string(topic);
    writer.int32(partitions.length);
    for (const wish of partitions) writePartition(writer, wish, producer);
  }
  return writer.written;
}

interface Producer {
  readonly id: bigint;
  readonly epoch: number;
  readonly now: bigint;
}

function writePartition(writer: ByteWriter, wish: PartitionWish, producer: Producer): void {
  writer.int32(wish.partition);
  const sizeAt = writer.skip(4);
  const start = writer.at;
  writeBatch(writer, wish, producer);
  writer.int32At(sizeAt, writer.at - start);
}

/** Record batch: https://kafka.apache.org/documentation/#recordbatch */
function writeBatch(writer: ByteWriter, { firstSequence, messages }: PartitionWish, { id, epoch, now }: Producer): void {
  writer.int64(0n); // first offset: the broker's to give
  const lengthAt = writer.skip(4);
  writer.int32(0); // leader epoch
  writer.int8(MAGIC);
  const crcAt = writer.skip(4);
  const checkedFrom = writer.at;
  writer.int16(0); // attributes
  writer.int32(messages.length - 1);
  writer.int64(now);
  writer.int64(now);
  writer.int64(id);
  writer.int16(epoch);
  writer.int32(firstSequence);
  writer.int32(messages.length);
  messages.forEach((message, index) => writer.varintBytes(() => writeRecord(writer, message, index)));
  writer.int32At(lengthAt, writer.at - lengthAt - 4);
  writer.uint32At(crcAt, crc32c(writer.written.subarray(checkedFrom)));
}

function writeRecord(writer: ByteWriter, { key, value, headers }: WireMessage, offset: number): void {
  writer.int8(0); // attributes
  writer.varint(0); // its time is the batch's
  writer.varint(offset);
  writer.varintText(key);
  writer.varintText(value);
  const names = Object.keys(headers);
  writer.varint(names.length);
  for (const name of names) {
    writer.varintText(name);
    writer.varintText(headers[name] ?? '');
  }
}
