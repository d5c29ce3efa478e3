import { ByteReader } from './byte-reader.ts';

export interface PartitionLeader {
  /** Broker id; −1: none at the moment. */
  readonly leader: number;
}

export interface TopicMetadata {
  readonly name: string;
  /** Kafka's topic id: differs after the topic was deleted and made again. */
  readonly uuid: string;
  /** By partition number. */
  readonly partitions: readonly PartitionLeader[];
  /** What this client may do with it: a bit for each code of Kafka's AclOperation. */
  readonly operations: number;
}

export const METADATA = { apiKey: 3, apiVersion: 10, apiName: 'Metadata' };

/** Metadata request of all topics, version 10: the first one that tells topic ids (Kafka 2.8), which kafkajs does not speak. */
export function encodeMetadataRequest(): Buffer {
  // Tags of request header 2; null for all topics; no creation; authorised operations not of the cluster, but of the topics; tags.
  return Buffer.from([0, 0, 0, 0, 1, 0]);
}

/** https://kafka.apache.org/protocol#The_Messages_Metadata, response version 10. Internal topics and those with an error are left out; a client is told of those that it may describe. */
export function decodeMetadataResponse(payload: Buffer): TopicMetadata[] {
  const reader = new ByteReader(payload);
  reader.skipTags(); // of response header 1
  reader.skip(4); // throttle time
  reader.compactArray(() => skipBroker(reader));
  reader.compactString(); // cluster id
  reader.skip(4); // controller
  return reader.compactArray(() => readTopic(reader)).filter((topic) => topic !== undefined);
}

function skipBroker(reader: ByteReader): void {
  reader.skip(4);
  reader.compactString();
  reader.skip(4);
  reader.compactString();
  reader.skipTags();
}

function readTopic(reader: ByteReader): TopicMetadata | undefined {
  const error = reader.int16();
  const name = reader.compactString() ?? '';
  const uuid = reader.uuid();
  const isInternal = reader.int8() !== 0;
  const partitions: PartitionLeader[] = [];
  reader.compactArray(() => {
    reader.skip(2); // error: told by the leader being −1
    const number = reader.int32();
    partitions[number] = { leader: reader.int32() };
    reader.skip(4); // leader epoch
    for (let list = 0; list < 3; list += 1) reader.compactArray(() => reader.skip(4)); // replicas, in sync, offline
    reader.skipTags();
  });
  const operations = reader.int32();
  reader.skipTags();
  return error === 0 && !isInternal ? { name, uuid, partitions, operations } : undefined;
}
