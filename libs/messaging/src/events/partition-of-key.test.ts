import { murmur2, partitionOfKey } from './partition-of-key.ts';

describe('the partition of a key', () => {
  // Values of Kafka's own UtilsTest.testMurmur2.
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('hashes %s as Kafka does', (key, hash) => {
    expect(murmur2(Buffer.from(key))).toBe(hash);
  });

  it('lies within the topic and uses all of its partitions', () => {
    const used = new Set(Array.from({ length: 200 }, (_, i) => partitionOfKey(`unit-${i}`, 7)));
    expect([...used].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });
});
