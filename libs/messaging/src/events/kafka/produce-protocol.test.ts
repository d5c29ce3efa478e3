import request from 'kafkajs/src/protocol/requests/produce/v7/request.js';
import { crc32c } from './crc32c.ts';
import { encodeProduceRequest, type ProduceWish } from './produce-protocol.ts';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

/** What kafkajs itself would send. */
async function theirs(wish: ProduceWish): Promise<Buffer> {
  const topicData = wish.topicData.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.map((one) => ({ ...one, messages: one.messages.map((message) => ({ ...message, timestamp: NOW })) })),
  }));
  const producerId = { value: BigInt(wish.producerId.toString()) };
  return (await request({ ...wish, producerId, topicData, compression: 0, transactionalId: null }).encode()).buffer;
}

/** A generator of numbers in 0 ≤ x < 1 that repeats itself from its seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const LENGTHS = [0, 1, 20, 31, 32, 63, 64, 65, 127, 128, 300, 4_095, 4_096, 8_190, 8_191, 8_192, 70_000, 1_100_000];
const ALPHABETS = ['a', 'aé', 'a€b', '😀x', '\ud800y', '\u007f\u0080'];

function wishFrom(random: () => number): ProduceWish {
  const below = (n: number): number => Math.floor(random() * n);
  const text = (longest: number): string => {
    const alphabet = ALPHABETS[below(ALPHABETS.length)] ?? 'a';
    return alphabet.repeat(Math.ceil((LENGTHS[below(longest)] ?? 0) / alphabet.length));
  };
  const message = () => ({
    key: text(8),
    value: text(random() < 0.02 ? LENGTHS.length : 12),
    headers: Object.fromEntries(Array.from({ length: below(12) }, (_, n) => [`ce_${n}${text(5)}`, text(9)])),
  });
  const partition = (_: unknown, n: number) => ({
    partition: n,
    firstSequence: below(2 ** 31),
    messages: Array.from({ length: 1 + below(random() < 0.1 ? 300 : 5) }, message),
  });
  const topic = (_: unknown, n: number) => ({ topic: `events.${n}`, partitions: Array.from({ length: 1 + below(3) }, partition) });
  const topicData = Array.from({ length: 1 + below(3) }, topic);
  return { acks: -1, timeout: 30_000, producerId: String(BigInt(below(2 ** 31)) << 20n), producerEpoch: below(3), topicData };
}

describe('a produce request', () => {
  it('has the bytes that kafkajs would send, whatever the lengths and characters', async () => {
    const wrong: number[] = [];
    for (let seed = 1; seed <= 60; seed += 1) {
      const wish = wishFrom(randomFrom(seed));
      if (!encodeProduceRequest(wish, NOW).equals(await theirs(wish))) wrong.push(seed);
    }
    expect(wrong).toEqual([]);
  });
});

describe('CRC-32C', () => {
  it.each([
    ['', 0],
    ['123456789', 0xe3069283], // the check value of the catalogue of CRC algorithms
    ['\0'.repeat(32), 0x8a9136aa], // RFC 3720, B.4
  ])('of %j', (text, expected) => expect(crc32c(Buffer.from(text))).toBe(expected));

  it('of ascending bytes, as in RFC 3720', () => expect(crc32c(Buffer.from(Array.from({ length: 32 }, (_, n) => n)))).toBe(0x46dd794e));
});
