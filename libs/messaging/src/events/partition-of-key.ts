/** Seed and constants of MurmurHash2 as Kafka's DefaultPartitioner uses them (org.apache.kafka.common.utils.Utils.murmur2). */
const SEED = 0x9747b28c;
const M = 0x5bd1e995;
const R = 24;

/** MurmurHash2 (Austin Appleby, public domain), 32 bits, signed. */
export function murmur2(bytes: Buffer): number {
  const { length } = bytes;
  const whole = length & ~3;
  let hash = SEED ^ length;
  for (let i = 0; i < whole; i += 4) {
    let word = Math.imul(bytes.readInt32LE(i), M);
    word = Math.imul(word ^ (word >>> R), M);
    hash = Math.imul(hash, M) ^ word;
  }
  if (length > whole) {
    for (let i = length - 1; i >= whole; i -= 1) hash ^= (bytes[i] ?? 0) << ((i - whole) * 8);
    hash = Math.imul(hash, M);
  }
  hash = Math.imul(hash ^ (hash >>> 13), M);
  return (hash ^ (hash >>> 15)) | 0;
}

/** The partition of a key: Kafka's default, so that every adapter, and any other Kafka client, agrees. */
export function partitionOfKey(key: string, partitions: number): number {
  return (murmur2(Buffer.from(key)) & 0x7fffffff) % partitions;
}
