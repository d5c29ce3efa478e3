import { ByteReader } from './byte-reader.ts';
import type { AbortedTransaction } from './record-batches.ts';

/** One partition's part of an answer to a fetch of committed records. */
export interface FetchedPartition {
  readonly topic: string;
  readonly partition: number;
  /** Kafka's error code; 0: none. */
  readonly error: number;
  /** Where committed records begin and end: start ≤ o < end. */
  readonly start: number;
  readonly end: number;
  readonly aborted: readonly AbortedTransaction[];
  readonly bytes: Buffer;
}

/** Fetch response, version 11: https://kafka.apache.org/protocol#The_Messages_Fetch. Records stay packed. Throws the error of the whole answer as its code. */
export function decodeFetchResponse(payload: Buffer): FetchedPartition[] {
  const reader = new ByteReader(payload);
  reader.skip(4); // throttle time
  const error = reader.int16();
  if (error !== 0) throw new Error(`The broker refused to be read from (error ${error} of Kafka's protocol).`);
  reader.skip(4); // session
  return reader
    .array(() => {
      const topic = reader.string();
      return reader.array(() => readPartition(reader, topic));
    })
    .flat();
}

function readPartition(reader: ByteReader, topic: string): FetchedPartition {
  const [partition, error] = [reader.int32(), reader.int16()];
  reader.skip(8); // high watermark: what is committed ends at the last stable offset
  const [end, start] = [reader.int64(), reader.int64()];
  const aborted = reader.array(() => ({ producerId: reader.int64(), firstOffset: reader.int64() }));
  reader.skip(4); // preferred replica: only told to readers that name their rack
  return { topic, partition, error, start, end, aborted, bytes: reader.bytes(Math.max(0, reader.int32())) };
}
