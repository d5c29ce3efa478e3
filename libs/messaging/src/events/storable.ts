import type { OutgoingRecord, Oversize } from './bus.ts';

/** What one adapter cannot store, none takes: a record that is fine today must not fail after a move. */
export function refuseUnstorable({ topic, key, value, partition }: OutgoingRecord, partitions: number): void {
  if (partition !== undefined && (partition < 0 || partition >= partitions)) {
    throw new Error(`There is no partition ${partition} in "${topic}", which has ${partitions}. Leave it out to go by the key.`);
  }
  if (key.includes('\0') || value.includes('\0')) {
    throw new Error(
      `A record for "${topic}" holds the character U+0000, which PostgreSQL cannot store as text. Write JSON (it escapes it) and use keys without it.`,
    );
  }
}

export function tooLarge(topic: string, { bytes, limit }: Oversize): Error {
  return new Error(
    `A record for "${topic}" is too large: about ${bytes} bytes, the topic takes ${limit}. Send less in one event, or raise the topic's max.message.bytes in Kafka.`,
  );
}
